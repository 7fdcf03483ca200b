/** One step of a guardrail while it is thought out: how its facts will stand, and what is to be done because of it. */
import type { Work, WorkDone, WorkSignal } from '../../src/contracts/work.ts';
import type { AgentInput, AgentOutput } from '../../src/contracts/agent.ts';
import type { AgentSignal } from '../../src/contracts/agent.ts';
import type { RunInput, RunSignal } from '../../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { Stage } from '../../src/contracts/work.ts';
import type { GuardrailContext, Passage } from './context.ts';
import { openPlaces } from './context.ts';
import type { GuardrailSettings } from './settings.ts';

/** What a user's check is given. */
export interface Checking {
  readonly guardrail: string;
  readonly stage: Stage;
  readonly work: Work;
  /** After the work: how it ended. */
  readonly output?: AgentOutput;
}

/** What the door hears: how a piece of work that it let in came out. */
export type DoorEvent =
  | { readonly type: 'guardrail.passed'; readonly round: number }
  | {
      readonly type: 'guardrail.failed';
      readonly round: number;
      readonly at: number;
      readonly why: string;
      /** It was turned down by this guardrail itself. */
      readonly own: boolean;
    }
  /** It says nothing about the guardrail: stopped, or turned down by another. */
  | { readonly type: 'guardrail.spared'; readonly round: number };

/** Its own timers. */
export type TimerEvent =
  | { readonly type: 'check.late'; readonly place: number }
  | { readonly type: 'watch.due'; readonly place: number }
  | { readonly type: 'work.late'; readonly place: number }
  | { readonly type: 'grace.over'; readonly place: number };

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
      readonly event: Work | WorkSignal | AgentSignal | RunSignal | TreasuryAnswer;
    }
  /** To whoever handed work on, and lends for it. */
  | { readonly do: 'answer'; readonly event: WorkDone | TreasuryLease }
  | { readonly do: 'raise'; readonly event: DoorEvent | { readonly type: 'guardrail.settled' } }
  | { readonly do: 'wait'; readonly id: string; readonly delay: number; readonly event: TimerEvent }
  | { readonly do: 'unwait'; readonly id: string };

export interface Draft {
  readonly settings: GuardrailSettings;
  /** When the event came; milliseconds since the epoch. */
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
  // Free places at the end need not be kept.
  while (passages.length > 0 && passages.at(-1) === null) passages.pop();
  change(draft, { passages });
};

export const freePlace = ({ facts: { passages } }: Draft): number => {
  const free = passages.indexOf(null);
  return free < 0 ? passages.length : free;
};

/** Where the work is that the event is about. Without an id it is about all of it. */
export const placesOf = ({ facts }: Pick<Draft, 'facts'>, id: string | undefined): number[] =>
  openPlaces(facts).filter((place) => id === undefined || facts.passages[place]!.work.id === id);
