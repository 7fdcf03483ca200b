/** What the actions of a run change, as pure functions from context and event to changes of the context. */
import { memberFailure } from '../../src/contracts/ending.ts';
import type { Failure } from '../../src/values/failure.ts';
import { childFailure, isChildError, type ChildEndEvent } from '../childEvents.ts';
import { makeFailure } from '../failure.ts';
import { memberEndOf, type MemberEnd } from '../member.ts';
import type { AgentAnswer } from '../../src/contracts/agent.ts';
import type { RunSettings } from './settings.ts';
import type { RunContext } from './context.ts';
import { endedSlots, endedService } from './services.ts';

type Change = Partial<RunContext>;

/** What the route is told of the end of a member: its answer, or its failure where the settings name a message for that. A cancel is none. */
export function answerOrFailure(
  { answer, failure: reason, phase }: MemberEnd,
  { failureMessage }: RunSettings,
): AgentAnswer | undefined {
  if (answer || failureMessage === undefined || !reason || reason.kind === 'cancelled') return answer;
  const { kind, message, retryable, data } = reason;
  const known = { ...(data === undefined ? {} : { data }), ...(phase === undefined ? {} : { phase }) };
  return { type: failureMessage, body: { kind, message, retryable, ...known } };
}

/** The run fails for this reason; `member` says because of whom, if it was one. */
export const failRun = (reason: Failure, member?: string): Change => ({
  outcome: { status: 'failed' },
  failure: reason,
  ...(member === undefined ? {} : { member }),
});

/** Frees the slots. */
export const freeSlots = ({ members, granted, leases }: RunContext, slotIndexes: readonly number[]): Change => ({
  members: members.map((member, slotIndex) => (slotIndexes.includes(slotIndex) ? null : member)),
  granted: granted.map((grant, slotIndex) => (slotIndexes.includes(slotIndex) ? null : grant)),
  leases: leases.map((lease, slotIndex) => (slotIndexes.includes(slotIndex) ? null : lease)),
});

/** A member ended without an answer. */
export function failBecauseOfMember(context: RunContext, event: ChildEndEvent): Change {
  const { failure: reason = makeFailure('internal', 'A member ended without an answer.'), phase } = memberEndOf(event);
  const member = context.members[endedSlots(context, event)[0] ?? -1] ?? undefined;
  if (member === undefined) return failRun(reason);
  return failRun(memberFailure(reason, { member, ...(phase === undefined ? {} : { phase }) }), member);
}

/** A supervisor ended while it had work. */
export function failBecauseOfService(event: ChildEndEvent): Change {
  const name = endedService(event.type) ?? '';
  const gone = `The supervisor "${name}" ended while it had work; it must stand until the run ends.`;
  return failRun(isChildError(event) ? childFailure(event) : makeFailure('internal', gone), name);
}

/** A supervisor is gone, and with it the work that it had. */
export const withoutService = (context: RunContext, event: ChildEndEvent): Change => ({
  ...freeSlots(context, endedSlots(context, event)),
  standing: context.standing.filter((name) => name !== endedService(event.type)),
});
