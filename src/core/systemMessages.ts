/** The messages the engine itself writes: that an actor has ended, and that a message could not be handled. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { asJson, type Json, type JsonObject } from '../values/json.ts';
import type { PendingMessage } from '../contracts/pending.ts';
import type { SpawnInfo } from './spawn.ts';

/** How a child ended. */
export type ActorEnd = { readonly output: Json } | { readonly error: Failure };

/** To the parent, naming the pending that stands for the child: only that child may send it. */
export function endMessageFor(
  { address, run, parent, key: pendingKey, id }: SpawnInfo,
  key: string,
  end: ActorEnd,
): PendingMessage[] {
  if (parent === undefined || pendingKey === undefined) return [];
  const type = `xstate.${'error' in end ? 'error' : 'done'}.actor.${id}`;
  return [
    toPendingMessage({
      id: key,
      type,
      body: asJson({ ...end, key: pendingKey }),
      from: address,
      to: parent,
      run,
      kind: 'signal',
    }),
  ];
}

/** Is it the end of a child, which no mailbox counts? */
export const isEndMessage = ({ kind, type }: Pick<Envelope, 'kind' | 'type'>): boolean =>
  kind === 'signal' && endType.test(type);
const endType = /^xstate\.(done|error)\.actor\./;

/** To the caller: why there will be no reply. */
export const failureReply = (ask: Envelope, from: Address, key: string, failure: Failure): PendingMessage =>
  toPendingMessage({
    id: key,
    type: 'failure',
    body: asJson({ failure }),
    from,
    to: ask.from,
    run: ask.run,
    kind: 'failure',
    correlation: ask.id,
    causation: ask.id,
  });

/** A bare event for another actor. */
export const signalEnvelope = (
  key: string,
  from: Address,
  to: Address,
  run: string,
  event: JsonObject & { type: string },
  causation?: string,
): Envelope => ({
  id: key,
  type: event.type,
  body: event,
  from,
  to,
  run,
  kind: 'signal',
  ...(causation === undefined ? {} : { causation }),
});

/** A message as a commit opens it: its key is its id. */
export const toPendingMessage = (envelope: Envelope): PendingMessage => ({
  key: envelope.id,
  kind: 'message',
  data: envelope,
});
