/** What the actions of a run change, as pure functions from facts and event to new facts. */
import { memberFailure } from '../../src/contracts/ending.ts';
import type { Failure } from '../../src/values/failure.ts';
import { failureIn, isError, type ChildEnded } from '../childEvents.ts';
import { failure } from '../failure.ts';
import { endOf } from '../member.ts';
import type { RunContext } from './context.ts';
import { endedPlaces, fallen } from './services.ts';

type Change = Partial<RunContext>;

/** The run fails for this reason; `member` says because of whom, if it was one. */
export const failedBecause = (reason: Failure, member?: string): Change => ({
  outcome: { status: 'failed' },
  failure: reason,
  ...(member === undefined ? {} : { member }),
});

/** Frees the places. */
export const without = ({ members, granted, leases }: RunContext, places: readonly number[]): Change => ({
  members: members.map((member, place) => (places.includes(place) ? null : member)),
  granted: granted.map((grant, place) => (places.includes(place) ? null : grant)),
  leases: leases.map((lease, place) => (places.includes(place) ? null : lease)),
});

/** A member ended without an answer. */
export function memberFailed(context: RunContext, event: ChildEnded): Change {
  const { failure: reason = failure('internal', 'A member ended without an answer.'), phase } = endOf(event);
  const member = context.members[endedPlaces(context, event)[0] ?? -1] ?? undefined;
  if (member === undefined) return failedBecause(reason);
  return failedBecause(memberFailure(reason, { member, ...(phase === undefined ? {} : { phase }) }), member);
}

/** A supervisor ended while it had work. */
export function supervisorFailed(event: ChildEnded): Change {
  const name = fallen(event.type) ?? '';
  const gone = `The supervisor "${name}" ended while it had work; it must stand until the run ends.`;
  return failedBecause(isError(event) ? failureIn(event) : failure('internal', gone), name);
}

/** A supervisor is gone, and with it the work that it had. */
export const withoutSupervisor = (context: RunContext, event: ChildEnded): Change => ({
  ...without(context, endedPlaces(context, event)),
  standing: context.standing.filter((name) => name !== fallen(event.type)),
});
