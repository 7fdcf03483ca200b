/**
 * Turns what a step wishes for into what a commit keeps.
 *
 * Everything here is pure. Keys are `actor/seq/index`: fixed by the step, so a step taken again after a crash makes the same keys (E2).
 */
import type { Envelope } from '../contracts/envelope.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import type { Pending } from '../journal/journal.ts';
import type { ActorType } from './actorType.ts';
import type { Action, Chart, MachineEvent } from './chart.ts';

export interface EffectData {
  readonly id: string;
  readonly src: string;
  readonly input: Json;
}
export interface ChildData extends EffectData {
  readonly address: Address;
}
export interface TimerData {
  readonly id: string | undefined;
  readonly event: MachineEvent;
  /** Where the event goes when not to the actor itself: a delayed sendTo. */
  readonly to?: Address;
}

export interface Outbox {
  readonly opens: Pending[];
  readonly closes: string[];
  readonly appends: { list: string; entry: Json }[];
  /** For topics: told after the commit, to whoever listens. */
  readonly emits: MachineEvent[];
  /** Named actions with code of their own: run after the commit, at most once. */
  readonly customs: Action[];
}

/** The actor whose step it is, as far as its wishes depend on it. */
export interface Sender {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  readonly parent: Address | undefined;
  readonly deadline: number | undefined;
  /** Keys of what is running, by the child's id; of timers, by theirs. */
  readonly children: ReadonlyMap<string, string>;
  readonly timers: ReadonlyMap<string, string>;
  pending(key: string): Pending | undefined;
}

export function outboxOf(sender: Sender, seq: number, now: number, cause: string, actions: readonly Action[]): Outbox {
  const out: Outbox = { opens: [], closes: [], appends: [], emits: [], customs: [] };
  const children = new Map(sender.children);
  const timers = new Map(sender.timers);
  const find = (key: string | undefined) =>
    key === undefined ? undefined : (out.opens.find((p) => p.key === key) ?? sender.pending(key));
  const close = (key: string | undefined) => {
    if (key === undefined) return;
    const opened = out.opens.findIndex((p) => p.key === key);
    if (opened >= 0) out.opens.splice(opened, 1);
    else out.closes.push(key);
  };
  const open = (index: number, kind: Pending['kind'], data: object, due?: number) => {
    const key = `${sender.address}/${seq}/${index}`;
    out.opens.push({ key, kind, data: data as Json, ...(due === undefined ? {} : { due }) });
    return key;
  };
  const send = (
    index: number,
    to: Address,
    kind: Envelope['kind'],
    type: string,
    body: Json,
    more: Partial<Envelope> = {},
  ) => {
    const id = `${sender.address}/${seq}/${index}`;
    const deadline = sender.deadline === undefined ? {} : { deadline: sender.deadline };
    const envelope: Envelope = {
      id,
      type,
      body: body as Envelope['body'],
      from: sender.address,
      to,
      run: sender.run,
      kind,
      causation: cause,
      ...deadline,
      ...more,
    };
    open(index, 'message', envelope);
  };

  actions.forEach((action, index) => {
    // Each action of XState has parameters of its own; they are checked by use.
    const params: unknown = action.params ?? {};
    switch (action.type) {
      case 'xstate.spawnChild': {
        const { id, src, input = null } = params as { id?: string; src: string; input?: Json };
        if (id === undefined)
          throw new TroupeError(
            'unsupported',
            `"${sender.type.name}" spawns "${String(src)}" without an id: after a restart nobody could find it. Give spawnChild an id.`,
          );
        close(children.get(id));
        const child = sender.type.child(src);
        const key = child
          ? open(index, 'child', {
              id,
              src,
              input,
              address: `${child.name}/${sender.address.slice(sender.address.indexOf('/') + 1)}.${idToken(id)}-${seq}`,
            } satisfies ChildData)
          : open(index, 'effect', { id, src, input } satisfies EffectData);
        children.set(id, key);
        break;
      }
      case 'xstate.stopChild': {
        const { id } = params as { id?: string };
        if (id === undefined) break;
        close(children.get(id));
        children.delete(id);
        break;
      }
      case 'xstate.raise': {
        const { event, id, delay } = params as { event: MachineEvent; id?: string; delay?: number };
        if (delay === undefined) break;
        if (id !== undefined) close(timers.get(id));
        const key = open(index, 'timer', { id, event } satisfies TimerData, dueAt(now, delay, event.type));
        if (id !== undefined) timers.set(id, key);
        break;
      }
      case 'xstate.cancel': {
        const { sendId } = params as { sendId: string };
        close(timers.get(sendId));
        timers.delete(sendId);
        break;
      }
      case 'xstate.sendTo': {
        const { to, targetId, event, id, delay } = params as {
          to: unknown;
          targetId?: string;
          event: MachineEvent;
          id?: string;
          delay?: number;
        };
        const address = addressOf(sender.type.chart, sender, to, find(children.get(targetId ?? '')));
        if (address === undefined) break; // An effect hears nothing; its machine knows it only by its end.
        if (delay === undefined) send(index, address, 'signal', event.type, event as Json);
        else {
          const key = open(
            index,
            'timer',
            { id, event, to: address } satisfies TimerData,
            dueAt(now, delay, event.type),
          );
          if (id !== undefined) timers.set(id, key);
        }
        break;
      }
      case 'xstate.emit':
        out.emits.push((params as { event: MachineEvent }).event);
        break;
      case 'append':
        out.appends.push(params as { list: string; entry: Json });
        break;
      case 'tell': {
        const { to, type, body } = params as { to: Address; type: string; body: Json };
        send(index, to, 'tell', type, body);
        break;
      }
      case 'reply': {
        const { ask, type, body } = params as { ask: { id: string; from: Address }; type: string; body: Json };
        send(index, ask.from, type === 'failure' ? 'failure' : 'reply', type, body, { correlation: ask.id });
        break;
      }
      default:
        out.customs.push(action);
    }
  });
  return out;
}

function addressOf(chart: Chart, sender: Sender, target: unknown, child: Pending | undefined): Address | undefined {
  const whose = chart.whose(target);
  if (whose === 'self') return sender.address;
  if (whose === 'parent') return sender.parent;
  return child?.kind === 'child' ? (child.data as unknown as ChildData).address : undefined;
}

const idToken = (id: string) => id.toLowerCase().replace(/[^a-z0-9_-]+/g, '-');

/** A delay of a year is fine; one that is no number would fire at once or never. */
function dueAt(now: number, delay: number, event: string): number {
  if (Number.isFinite(delay) && delay >= 0) return now + delay;
  throw new TroupeError(
    'definition',
    `The delay of "${event}" must be a number of milliseconds, 0 or more; it came out as ${delay}.`,
  );
}
