/** One step of a guardrail while it is worked out: the facts as they will be, and the actions that follow. */
import type { Stage, Work, WorkDone } from '../../src/contracts/work.ts';
import type { AgentInput, AgentOutput } from '../../src/contracts/agent.ts';
import type { RunInput } from '../../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { MemberSignal } from '../member.ts';
import type { GuardrailContext, Passage } from './context.ts';
import type { GuardrailSettings } from './settings.ts';

/** The input of a user's check. */
export interface Checking {
  /** The name of the guardrail. */
  readonly guardrail: string;
  readonly stage: Stage;
  readonly work: Work;
  /** How the work ended; there is one at the stage `post`. */
  readonly output?: AgentOutput;
}

/** What the guardrail raises for its breaker (the region `door`): how a piece of work that it admitted ended. */
export type DoorEvent =
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
export type TimerEvent =
  | { readonly type: 'check.late'; readonly place: number }
  | { readonly type: 'watch.due'; readonly place: number }
  | { readonly type: 'work.late'; readonly place: number }
  | { readonly type: 'grace.over'; readonly place: number };

/** What follows from a step. */
export type Deed =
  | { readonly do: 'check'; readonly id: string; readonly input: Checking }
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
      readonly event: Work | MemberSignal | TreasuryAnswer;
    }
  /** To the parent, which handed the work on and lends its budget. */
  | { readonly do: 'answer'; readonly event: WorkDone | TreasuryLease }
  | { readonly do: 'raise'; readonly event: DoorEvent | { readonly type: 'guardrail.settled' } }
  | { readonly do: 'wait'; readonly id: string; readonly delay: number; readonly event: TimerEvent }
  | { readonly do: 'unwait'; readonly id: string };

/** A step while it is worked out. */
export interface Draft {
  readonly settings: GuardrailSettings;
  /** When the event was taken in; milliseconds since the epoch. */
  readonly at: number;
  facts: GuardrailContext;
  readonly deeds: Deed[];
}

export const draft = (settings: GuardrailSettings, facts: GuardrailContext, at: number): Draft => ({
  settings,
  at,
  facts,
  deeds: [],
});

export const change = (draft: Draft, facts: Partial<GuardrailContext>): void => {
  draft.facts = { ...draft.facts, ...facts };
};

export const put = (draft: Draft, place: number, passage: Passage | null): void => {
  const passages = [...draft.facts.passages];
  passages[place] = passage;
  // Free places at the end are not kept.
  while (passages.length > 0 && passages.at(-1) === null) passages.pop();
  change(draft, { passages });
};

export const freePlace = ({ facts: { passages } }: Draft): number => {
  const free = passages.indexOf(null);
  return free < 0 ? passages.length : free;
};

/** The work at a place. Throws when there is none: every event about a place comes from a child or timer of the work there. */
export function passageAt({ facts }: Pick<Draft, 'facts'>, place: number): Passage {
  const passage = facts.passages[place];
  if (!passage) throw new Error(`The guardrail has no work at place ${place}.`);
  return passage;
}

/** The places of the work that an event is about. Without an id it is about all of it. */
export const placesOf = ({ facts }: Pick<Draft, 'facts'>, id: string | undefined): number[] =>
  facts.passages.flatMap((passage, place) =>
    passage !== null && (id === undefined || passage.work.id === id) ? [place] : [],
  );
