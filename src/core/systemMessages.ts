/** The messages the engine itself writes: that an actor has ended, and that a message could not be handled. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { asJson, type Json, type JsonObject } from '../values/json.ts';
import type { PendingMessage } from '../contracts/pending.ts';
import type { Birth } from './spawn.ts';

/** How a child ended. */
export type End = { readonly output: Json } | { readonly error: Failure };

/** To the parent, naming the pending that stands for the child: only that child may send it. */
export function farewell({ address, run, parent, key: lived, id }: Birth, key: string, end: End): PendingMessage[] {
  if (parent === undefined || lived === undefined) return [];
  const type = `xstate.${'error' in end ? 'error' : 'done'}.actor.${id}`;
  return [
    letter({
      id: key,
      type,
      body: asJson({ ...end, key: lived }),
      from: address,
      to: parent,
      run,
      kind: 'signal',
    }),
  ];
}

/** To the caller: why there will be no reply. */
export const refusal = (ask: Envelope, from: Address, key: string, failure: Failure): PendingMessage =>
  letter({
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
export const signal = (
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
export const letter = (envelope: Envelope): PendingMessage => ({
  key: envelope.id,
  kind: 'message',
  data: envelope,
});
