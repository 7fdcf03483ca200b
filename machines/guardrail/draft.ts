/** One step of a guardrail while it is worked out: the context as it will be, and the actions that follow. */
import type { GuardrailStage, Work, WorkDone } from '../../src/contracts/work.ts';
import type { AgentInput, AgentOutput } from '../../src/contracts/agent.ts';
import type { RunInput } from '../../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { MemberCommandEvent } from '../member.ts';
import type { GuardrailContext, WorkInProgress } from './context.ts';
import type { GuardrailSettings } from './settings.ts';

/** The input of a user's check. */
export interface CheckInput {
  /** The name of the guardrail. */
  readonly guardrail: string;
  readonly stage: GuardrailStage;
  readonly work: Work;
  /** How the work ended; there is one at the stage `post`. */
  readonly output?: AgentOutput;
}

/** What the guardrail raises for its breaker (the region `door`): how a piece of work that it admitted ended. */
export type BreakerEvent =
  | { readonly type: 'guardrail.passed'; readonly round: number }
  | {
      readonly type: 'guardrail.failed';
      readonly round: number;
      readonly at: number;
      readonly why: string;
      /** This guardrail itself rejected it. */
      readonly own: boolean;
    }
  /** It was stopped, or rejected by another guardrail: that counts neither as passed nor as failed. */
  | { readonly type: 'guardrail.spared'; readonly round: number };

/** What the guardrail raises for itself after some time. */
export type GuardrailTimerEvent =
  | { readonly type: 'check.late'; readonly place: number }
  | { readonly type: 'watch.due'; readonly place: number }
  | { readonly type: 'work.late'; readonly place: number }
  | { readonly type: 'grace.over'; readonly place: number };

/** What follows from a step. */
export type GuardrailStepAction =
  | { readonly do: 'check'; readonly id: string; readonly input: CheckInput }
  | {
      readonly do: 'start';
      readonly who: string;
      readonly id: string;
      readonly input: AgentInput | RunInput | { readonly standing: true };
    }
  | { readonly do: 'stop'; readonly id: string }
  | {
      readonly do: 'tell';
      readonly id: string;
      readonly event: Work | MemberCommandEvent | TreasuryAnswer;
    }
  /** To the parent, which handed the work on and lends its budget. */
  | { readonly do: 'answer'; readonly event: WorkDone | TreasuryLease }
  | { readonly do: 'raise'; readonly event: BreakerEvent | { readonly type: 'guardrail.settled' } }
  | { readonly do: 'wait'; readonly id: string; readonly delay: number; readonly event: GuardrailTimerEvent }
  | { readonly do: 'unwait'; readonly id: string };

/** A step while it is worked out. */
export interface GuardrailDraft {
  readonly settings: GuardrailSettings;
  /** When the event was taken in; milliseconds since the epoch. */
  readonly at: number;
  context: GuardrailContext;
  readonly actions: GuardrailStepAction[];
}

export const guardrailDraft = (settings: GuardrailSettings, context: GuardrailContext, at: number): GuardrailDraft => ({
  settings,
  at,
  context,
  actions: [],
});

export const updateContext = (draft: GuardrailDraft, change: Partial<GuardrailContext>): void => {
  draft.context = { ...draft.context, ...change };
};

export const putWork = (draft: GuardrailDraft, slotIndex: number, inProgress: WorkInProgress | null): void => {
  const passages = [...draft.context.passages];
  passages[slotIndex] = inProgress;
  // Free slots at the end are not kept.
  while (passages.length > 0 && passages.at(-1) === null) passages.pop();
  updateContext(draft, { passages });
};

export const freeWorkSlot = ({ context: { passages } }: GuardrailDraft): number => {
  const free = passages.indexOf(null);
  return free < 0 ? passages.length : free;
};

/** The work in a slot. Throws when there is none: every event about a slot comes from a child or timer of the work there. */
export function workAt({ context }: Pick<GuardrailDraft, 'context'>, slotIndex: number): WorkInProgress {
  const inProgress = context.passages[slotIndex];
  if (!inProgress) throw new Error(`The guardrail has no work at place ${slotIndex}.`);
  return inProgress;
}

/** The slots of the work that an event is about. Without an id it is about all of it. */
export const slotsOf = ({ context }: Pick<GuardrailDraft, 'context'>, id: string | undefined): number[] =>
  context.passages.flatMap((inProgress, slotIndex) =>
    inProgress !== null && (id === undefined || inProgress.work.id === id) ? [slotIndex] : [],
  );
