/** What each action of XState and of the engine adds to a commit. */
import type { DeadLetter } from '../contracts/deadLetter.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { Failure, TroupeError } from '../values/failure.ts';
import { Address } from '../values/ids.ts';
import type { Json, JsonObject } from '../values/json.ts';
import type { TimerData } from '../contracts/pending.ts';
import type { Action, MachineEvent } from './chart.ts';
import type { CommitBuilder } from './commitBuilder.ts';
import { toPendingMessage, signalEnvelope } from './systemMessages.ts';
import { addressIn, withAddresses } from './references.ts';
import { undeliverableDeadLetter } from './undeliverable.ts';

type Handle = (builder: CommitBuilder, action: Action, index: number) => void;

interface SpawnParams {
  actorRef: { id: string; options: { syncSnapshot?: boolean } };
  id: unknown;
  src: unknown;
  input: Json;
  systemId: string;
}

/** The parameters of an action of XState, as XState writes them. */
export const paramsOf = <P>({ params }: Pick<Action, 'params'>): P => (params ?? {}) as P;
/** The parameters of an action of the engine: a person writes them, so each handler checks its own. */
const uncheckedParamsOf = <P>(action: Action): Partial<P> => paramsOf<Partial<P>>(action);

const handlers: Readonly<Record<string, Handle>> = {
  'xstate.spawnChild'(builder, action, index) {
    const { actorRef, id, src, input, systemId } = paramsOf<Partial<SpawnParams>>(action);
    if (actorRef?.options.syncSnapshot)
      throw new TroupeError(
        'unsupported',
        `syncSnapshot of "${actorRef.id}" is not supported; a child reports with its output or with sendTo.`,
      );
    // XState gives the id as it was written, which may be a function; the reference has the result.
    const given = withAddresses(input, (reference) => addressOf(builder, reference));
    builder.spawn(index, { id: id === undefined ? undefined : actorRef?.id, src, input: given, systemId });
  },
  'xstate.stopChild'(builder, action) {
    const { id } = paramsOf<{ id?: string }>(action);
    if (id === undefined) return;
    builder.close(builder.children.get(id));
    builder.children.set(id, undefined);
  },
  'xstate.raise'(builder, action, index) {
    const { event, id, delay } = paramsOf<{ event: MachineEvent; id?: string; delay?: number }>(action);
    // Without a delay it was part of the step.
    if (delay !== undefined) timer(builder, index, { id, event: sendable(builder, event) }, delay);
  },
  'xstate.cancel'(builder, action) {
    const { sendId = '' } = paramsOf<{ sendId?: string }>(action);
    builder.close(builder.timers.get(sendId));
    builder.timers.set(sendId, undefined);
  },
  'xstate.sendTo'(builder, action, index) {
    const { to, id, delay, ...params } = paramsOf<{
      to?: { id?: string };
      event: MachineEvent & JsonObject;
      id?: string;
      delay?: number;
    }>(action);
    const event = sendable(builder, params.event);
    const { actor } = builder;
    const address = addressOf(builder, to);
    if (address === undefined)
      builder.undeliverable.push(
        undeliverableDeadLetter(actor.address, to?.id ?? 'nobody', event, builder.key(index), builder.now),
      );
    else if (delay !== undefined) timer(builder, index, { id, event, to: address }, delay);
    else
      builder.opens.push(
        toPendingMessage(signalEnvelope(builder.key(index), actor.address, address, actor.run, event, builder.cause)),
      );
  },
  'xstate.emit'(builder, action) {
    builder.emits.push(sendable(builder, paramsOf<{ event: MachineEvent }>(action).event));
  },
  append(builder, action) {
    const { list, entry } = uncheckedParamsOf<{ list: string; entry: Json }>(action);
    if (typeof list !== 'string' || list === '' || entry === undefined)
      throw misused(builder, 'append', '{ list, entry }', action);
    builder.appends.push({ list, entry });
  },
  tell(builder, action, index) {
    const { to, type, body } = uncheckedParamsOf<{ to: Address; type: string; body: Json }>(action);
    if (to === undefined || !Address.safeParse(to).success || typeof type !== 'string')
      throw misused(builder, 'tell', '{ to: "type/key", type, body }', action);
    const { deadline } = builder.actor;
    send(builder, index, { to, kind: 'tell', type, body, ...(deadline === undefined ? {} : { deadline }) });
  },
  bury(builder, action, index) {
    const { message, failure } = uncheckedParamsOf<{ message: Partial<DeadLetter>; failure: Failure }>(action);
    const isFailure = failure !== undefined && Failure.safeParse(failure).success;
    if (typeof message?.type !== 'string' || message.body === undefined || !isFailure)
      throw misused(builder, 'bury', '{ message: { type, body }, failure }', action);
    const { address } = builder.actor;
    const { id = builder.key(index), type, from = address, body } = message;
    builder.undeliverable.push({ id, type, from, to: address, body, at: builder.now, failure });
  },
  reply(builder, action, index) {
    const { ask, type, body } = uncheckedParamsOf<{ ask: { id: string; from: Address }; type: string; body: Json }>(
      action,
    );
    if (typeof ask?.id !== 'string' || !Address.safeParse(ask.from).success || typeof type !== 'string')
      throw misused(builder, 'reply', '{ ask: event.meta, type, body }', action);
    send(builder, index, {
      to: ask.from,
      kind: type === 'failure' ? 'failure' : 'reply',
      type,
      body,
      correlation: ask.id,
    });
  },
};

/** What to do for each action, by its type. An action that is not in it is a custom one. */
export const actionHandlers: ReadonlyMap<string, Handle> = new Map(Object.entries(handlers));

function send(
  builder: CommitBuilder,
  index: number,
  message: Pick<Envelope, 'to' | 'kind' | 'type'> & { body: Json | undefined } & Partial<Omit<Envelope, 'body'>>,
): void {
  const { address: from, run } = builder.actor;
  builder.opens.push(
    toPendingMessage({
      id: builder.key(index),
      from,
      run,
      causation: builder.cause,
      ...message,
      body: message.body ?? null,
    }),
  );
}

/** An event with an address in place of each reference to an actor. */
const sendable = <E extends MachineEvent>(builder: CommitBuilder, event: E): E =>
  withAddresses(event, (reference) => addressOf(builder, reference));

/** A timer with the same id is replaced. */
function timer(builder: CommitBuilder, index: number, data: TimerData, delay: number): void {
  if (!Number.isFinite(delay) || delay < 0) {
    throw new TroupeError(
      'definition',
      `The delay of "${data.event.type}" must be a number of milliseconds, 0 or more; it came out as ${String(delay)}.`,
    );
  }
  if (data.id !== undefined) builder.close(builder.timers.get(data.id));
  const key = builder.open(index, { kind: 'timer', data, due: builder.now + delay });
  if (data.id !== undefined) builder.timers.set(data.id, key);
}

/** The address of the target; undefined for an effect, which receives no messages, and for a child that has ended. */
export function addressOf({ actor, spawned }: CommitBuilder, target: { id?: string } | undefined): Address | undefined {
  const relation = actor.type.chart.relationOf(target);
  if (relation === 'self') return actor.address;
  if (relation === 'parent') return actor.parent;
  if (spawned?.has(target)) return spawned.get(target);
  const sent = addressIn(target);
  if (sent !== undefined) return Address.safeParse(sent).success ? sent : undefined;
  const child = actor.pending(actor.children.get(target?.id ?? '') ?? '');
  return child?.kind === 'child' ? child.data.address : undefined;
}

const misused = ({ actor }: CommitBuilder, name: string, form: string, { params }: Action) =>
  new TroupeError(
    'definition',
    `"${actor.type.name}" takes the action ${name} with ${preview(params)}; it needs ${form}.`,
  );

const preview = (params: unknown) => JSON.stringify(params)?.slice(0, 200) ?? 'nothing';
