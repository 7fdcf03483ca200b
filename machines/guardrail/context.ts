/** The facts of a guardrail: the work that is passing, what was counted, and why its door is shut. */
import type { AgentInput, AgentOutput } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { TaskFacts, Work } from '../../src/contracts/work.ts';
import { momentOf } from '../moment.ts';
import type { Buckets } from './bucket.ts';

/** A guardrail that stands gets `{ standing: true }`; one that is run gets one message, and ends with what became of it. */
export type GuardrailInput = { readonly standing: true } | (AgentInput & { readonly facts?: TaskFacts });

/** Why work is stopped: turned down, or called off by somebody above. */
export type Ending =
  { readonly how: 'refused'; readonly failure: Failure } | { readonly how: 'cancelled'; readonly reason: string };

/** One piece of work on its way through. */
export interface Passage {
  readonly work: Work;
  /** Before it, at its beginning, within, after it, or on its way out. */
  readonly stage: 'pre' | 'mid' | 'task' | 'post' | 'stopping';
  /** Which of the door's rounds let it in. */
  readonly round: number;
  readonly paused: boolean;
  /** Whose bucket it was taken from. */
  readonly key?: string;
  /** What came back, while it is checked. */
  readonly output?: AgentOutput;
  readonly ending?: Ending;
}

export interface GuardrailContext {
  /** The one message, for a guardrail that is run. */
  readonly first: Work | undefined;
  readonly began: number;
  /** By place; a place is used again. */
  readonly passages: readonly (Passage | null)[];
  /** Supervisors behind it that were started and stand. */
  readonly standing: readonly string[];
  readonly buckets: Buckets;
  /** In a row. */
  readonly failures: number;
  /** Rises whenever the door shuts: what was let in before counts no more. */
  readonly round: number;
  /** When it will be tried again; milliseconds since the epoch. */
  readonly until: number;
  /** Why the door is shut, in words. */
  readonly why: string;
  /** The guardrail below is gone, until a reset brings it back. */
  readonly dead: boolean;
  /** Everything was called off, for this reason. */
  readonly cancelled: string | undefined;
  readonly output: AgentOutput | undefined;
}

/** The id of the only work of a guardrail that is run. */
const only = 'task';

export function beginning(input: GuardrailInput): GuardrailContext {
  return {
    first: 'type' in input ? firstOf(input) : undefined,
    began: momentOf({ input }).at,
    passages: [],
    standing: [],
    buckets: {},
    failures: 0,
    round: 0,
    until: 0,
    why: '',
    dead: false,
    cancelled: undefined,
    output: undefined,
  };
}

const firstOf = ({ type, body, allowance, facts = {}, depth }: Extract<GuardrailInput, { type: string }>): Work => ({
  type: 'work',
  id: only,
  message: { type, body },
  ...(allowance === undefined ? {} : { allowance }),
  attempt: 1,
  facts,
  ...(depth === undefined ? {} : { depth }),
});

export const openPlaces = ({ passages }: Pick<GuardrailContext, 'passages'>): number[] =>
  passages.flatMap((passage, place) => (passage === null ? [] : [place]));

/** Children and timers are named by the place of the work they belong to. */
export const checkId = (place: number): string => `check.${place}`;
export const taskId = (place: number): string => `task.${place}`;
export const timerId = (what: 'late' | 'patience' | 'watch' | 'grace', place: number): string => `${what}.${place}`;
/** The guardrail below. */
export const belowId = 'below';
