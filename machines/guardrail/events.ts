/** The events of a guardrail: work and commands, the ends of checks and of supervised machines, and what it raises for itself. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import type { Work, WorkDone, WorkSignal } from '../../src/contracts/work.ts';
import { childOutput } from '../childEvents.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { slotIndexOf } from '../slotIndex.ts';
import type { GuardrailContext } from './context.ts';
import { slotsOf, type BreakerEvent, type GuardrailTimerEvent } from './draft.ts';
import type { Rejection } from './rules.ts';

/** The result of a user's check. */
export type CheckResult = { readonly ok: true } | ({ readonly ok: false } & Rejection);

export type GuardrailEvent =
  | (Work & { readonly at?: number })
  | WorkDone
  | WorkSignal
  | TreasuryLease
  | TreasuryAnswer
  | BreakerEvent
  | GuardrailTimerEvent
  | { type: 'guardrail.reset' }
  | { type: 'guardrail.trip'; reason: string }
  | { type: 'guardrail.stop'; reason: string }
  | { type: 'guardrail.settled' }
  /** From the engine: the deadline of the run has passed. */
  | { type: 'troupe.deadline' }
  | DoneActorEvent<CheckResult, `check.${number}`>
  | ErrorActorEvent<unknown, `check.${number}`>
  | DoneActorEvent<AgentOutput, `task.${number}`>
  | ErrorActorEvent<unknown, `task.${number}`>
  | DoneActorEvent<unknown, `standing.${string}`>
  | ErrorActorEvent<unknown, `standing.${string}`>
  | DoneActorEvent<unknown, 'below'>
  | ErrorActorEvent<unknown, 'below'>
  | DoneActorEvent<WaitOutput, 'reset'>
  | ErrorActorEvent<unknown, 'reset'>;

/** What an action or a guard is given. */
export interface GuardrailActionArgs {
  readonly context: GuardrailContext;
  readonly event: GuardrailEvent;
}

/** When the event was taken in; milliseconds since the epoch. Work that the machine raised itself brings the time along. */
export const timeOf = (event: GuardrailEvent): number => ('at' in event ? (event.at ?? 0) : eventContextOf(event).at);

/** The slot of the work that a timer, a check or an end is about; -1 when there is none. */
export const slotIn = ({ context, event }: GuardrailActionArgs): number => {
  if ('place' in event) return event.place;
  return event.type === 'work.done' ? (slotsOf({ context }, event.id)[0] ?? -1) : slotIndexOf(event.type);
};

/** The stage of that work. */
export const stageIn = (args: GuardrailActionArgs) => args.context.passages[slotIn(args)]?.stage;

/** The result of a check. Use it on the `onDone` of a check and nowhere else. */
export const checkResultIn = (event: GuardrailEvent): CheckResult => childOutput<CheckResult>(event);
