/** When a message cannot be handled: it comes too late, means nothing in this state, or the machine fails on it. None is lost without a trace (E10). */
import { deadLetterList, type DeadLetter } from '../contracts/deadLetter.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import { asJson } from '../values/json.ts';
import type { ActorType } from './actorType.ts';
import { stateOf, type Snapshot } from './chart.ts';
import type { StateChange } from './toCommit.ts';
import { commitEventOf, type Incoming } from './incoming.ts';
import { failureReply } from './systemMessages.ts';

/** Does this process have to stop running the actor: it lost the lease, or the journal refuses the commit? */
export const mustStopHere = ({ kind }: Failure): boolean =>
  kind === 'fenced' || kind === 'conflict' || kind === 'corrupt' || kind === 'cancelled' || kind === 'storage';

/** The actor whose message cannot be handled. */
interface Recipient {
  readonly address: Address;
  readonly type: ActorType;
  readonly snapshot: Snapshot | undefined;
  /** A key of the next commit. */
  key(index: number): string;
}

/** Stores the message with the reason and answers the caller. The message counts as handled, so that it is not delivered again. */
export function deadLetterChange(recipient: Recipient, incoming: Incoming, failure: Failure, at: number): StateChange {
  const { id, event, body, from = recipient.address, ask } = incoming;
  const deadLetter: DeadLetter = { id, type: event.type, from, to: recipient.address, body, at, failure };
  return {
    snapshot: recipient.snapshot,
    status: 'active',
    event: { ...commitEventOf(incoming), inbox: true },
    opens: ask ? [failureReply(ask, recipient.address, recipient.key(0), failure)] : [],
    appends: [{ list: deadLetterList, entry: asJson(deadLetter) }],
  };
}

/** The failure of a run that did not end by its deadline, in milliseconds since the epoch. */
export const runDeadlineFailure = (deadline: number): Failure =>
  toFailure(
    new TroupeError(
      'expired',
      `The run did not end by its deadline, ${new Date(deadline).toISOString()}. Give it more time, or less to do.`,
    ),
  );

/** The error of a message that no transition handles in the actor's state. */
export function unhandledError({ address, type, snapshot }: Recipient, { event }: Incoming): TroupeError {
  const state = snapshot ? stateOf(snapshot.value, type.chart.machine.root) : '';
  return new TroupeError(
    'unknown_message',
    `${address} is in "${state}", where "${event.type}" means nothing. Nothing was changed.`,
    { data: { state } },
  );
}

/** The error of a message for an actor that this process no longer runs. */
export const notRunningError = (address: Address): TroupeError =>
  new TroupeError('fenced', `This process no longer runs ${address}.`);

/** The error of a message for an actor that has ended. */
export const endedError = (address: Address, status: ActorStatus): TroupeError =>
  new TroupeError('conflict', `${address} has ended (${status}); it takes no more messages.`, { data: { status } });

/** Anything thrown, as the error a sender gets. */
export const toError = (thrown: unknown): TroupeError => fromFailure(toFailure(thrown));
