/** What each action of XState and of the engine adds to a commit. */
import type { DeadLetter } from '../contracts/deadLetter.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { Failure, TroupeError } from '../contracts/failure.ts';
import { Address } from '../contracts/ids.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { TimerData } from '../contracts/pending.ts';
import type { Action, MachineEvent } from './chart.ts';
import type { Draft } from './draft.ts';
import { letter, signal } from './letters.ts';
import { undeliverable } from './undeliverable.ts';

type Perform = (draft: Draft, action: Action, index: number) => void;

interface Spawn {
  actorRef: { id: string; options: { syncSnapshot?: boolean } };
  id: unknown;
  src: unknown;
  input: Json;
  systemId: string;
}

/** The parameters of an action of XState, as XState writes them. */
export const paramsOf = <P>({ params }: Pick<Action, 'params'>): P => (params ?? {}) as P;
/** The parameters of an action of the engine: a person writes them, so each is checked. */
const given = <P>(action: Action): Partial<P> => paramsOf<Partial<P>>(action);

const vocabulary: Readonly<Record<string, Perform>> = {
  'xstate.spawnChild'(draft, action, index) {
    const { actorRef, id, src, input, systemId } = paramsOf<Partial<Spawn>>(action);
    if (actorRef?.options.syncSnapshot)
      throw new TroupeError(
        'unsupported',
        `syncSnapshot of "${actorRef.id}" is not supported; a child reports with its output or with sendTo.`,
      );
    // XState gives the id as it was written, which may be a function; the reference has the result.
    draft.spawn(index, { id: id === undefined ? undefined : actorRef?.id, src, input, systemId });
  },
  'xstate.stopChild'(draft, action) {
    const { id } = paramsOf<{ id?: string }>(action);
    if (id === undefined) return;
    draft.close(draft.children.get(id));
    draft.children.delete(id);
  },
  'xstate.raise'(draft, action, index) {
    const { event, id, delay } = paramsOf<{ event: MachineEvent; id?: string; delay?: number }>(action);
    // Without a delay it was part of the step.
    if (delay !== undefined) timer(draft, index, { id, event }, delay);
  },
  'xstate.cancel'(draft, action) {
    const { sendId = '' } = paramsOf<{ sendId?: string }>(action);
    draft.close(draft.timers.get(sendId));
    draft.timers.delete(sendId);
  },
  'xstate.sendTo'(draft, action, index) {
    const { to, event, id, delay } = paramsOf<{
      to?: { id?: string };
      event: MachineEvent & JsonObject;
      id?: string;
      delay?: number;
    }>(action);
    const { sender } = draft;
    const address = addressOf(draft, to);
    if (address === undefined)
      draft.astray.push(undeliverable(sender.address, to?.id ?? 'nobody', event, draft.key(index), draft.now));
    else if (delay !== undefined) timer(draft, index, { id, event, to: address }, delay);
    else draft.opens.push(letter(signal(draft.key(index), sender.address, address, sender.run, event, draft.cause)));
  },
  'xstate.emit'(draft, action) {
    draft.emits.push(paramsOf<{ event: MachineEvent }>(action).event);
  },
  append(draft, action) {
    const { list, entry } = given<{ list: string; entry: Json }>(action);
    if (typeof list !== 'string' || list === '' || entry === undefined)
      throw misused(draft, 'append', '{ list, entry }', action);
    draft.appends.push({ list, entry });
  },
  tell(draft, action, index) {
    const { to, type, body } = given<{ to: Address; type: string; body: Json }>(action);
    if (to === undefined || !Address.safeParse(to).success || typeof type !== 'string')
      throw misused(draft, 'tell', '{ to: "type/key", type, body }', action);
    const { deadline } = draft.sender;
    send(draft, index, { to, kind: 'tell', type, body, ...(deadline === undefined ? {} : { deadline }) });
  },
  bury(draft, action, index) {
    const { message, failure } = given<{ message: Partial<DeadLetter>; failure: Failure }>(action);
    const isFailure = failure !== undefined && Failure.safeParse(failure).success;
    if (typeof message?.type !== 'string' || message.body === undefined || !isFailure)
      throw misused(draft, 'bury', '{ message: { type, body }, failure }', action);
    const { address } = draft.sender;
    const { id = draft.key(index), type, from = address, body } = message;
    draft.astray.push({ id, type, from, to: address, body, at: draft.now, failure });
  },
  reply(draft, action, index) {
    const { ask, type, body } = given<{ ask: { id: string; from: Address }; type: string; body: Json }>(action);
    if (typeof ask?.id !== 'string' || !Address.safeParse(ask.from).success || typeof type !== 'string')
      throw misused(draft, 'reply', '{ ask: event.meta, type, body }', action);
    send(draft, index, {
      to: ask.from,
      kind: type === 'failure' ? 'failure' : 'reply',
      type,
      body,
      correlation: ask.id,
    });
  },
};

/** What to do for each action, by its type. An action that is not in it is a custom one. */
export const performers: ReadonlyMap<string, Perform> = new Map(Object.entries(vocabulary));

function send(
  draft: Draft,
  index: number,
  message: Pick<Envelope, 'to' | 'kind' | 'type'> & { body: Json | undefined } & Partial<Omit<Envelope, 'body'>>,
): void {
  const { address: from, run } = draft.sender;
  draft.opens.push(
    letter({
      id: draft.key(index),
      from,
      run,
      causation: draft.cause,
      ...message,
      body: message.body ?? null,
    }),
  );
}

/** A timer with the same id is replaced. */
function timer(draft: Draft, index: number, data: TimerData, delay: number): void {
  if (!Number.isFinite(delay) || delay < 0) {
    throw new TroupeError(
      'definition',
      `The delay of "${data.event.type}" must be a number of milliseconds, 0 or more; it came out as ${String(delay)}.`,
    );
  }
  if (data.id !== undefined) draft.close(draft.timers.get(data.id));
  const key = draft.open(index, { kind: 'timer', data, due: draft.now + delay });
  if (data.id !== undefined) draft.timers.set(data.id, key);
}

/** The address of the target; undefined for an effect, which receives no messages, and for a child that has ended. */
function addressOf({ sender, newborn }: Draft, target: { id?: string } | undefined): Address | undefined {
  const whose = sender.type.chart.whose(target);
  if (whose === 'self') return sender.address;
  if (whose === 'parent') return sender.parent;
  if (newborn.has(target)) return newborn.get(target);
  const child = sender.pending(sender.children.get(target?.id ?? '') ?? '');
  return child?.kind === 'child' ? child.data.address : undefined;
}

const misused = ({ sender }: Draft, name: string, form: string, { params }: Action) =>
  new TroupeError(
    'definition',
    `"${sender.type.name}" takes the action ${name} with ${preview(params)}; it needs ${form}.`,
  );

const preview = (params: unknown) => JSON.stringify(params)?.slice(0, 200) ?? 'nothing';
