/** The ticket on which a person is asked for more, and what its answer comes to. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { JsonObject } from '../../src/contracts/json.ts';
import type { Grant } from '../../src/contracts/treasury.ts';
import type { WaitInput, WaitOutput } from '../../src/contracts/wait.ts';
import { failure } from '../failure.ts';
import { unanswered } from '../wait.ts';
import { kinds } from './books.ts';

const count = { type: 'integer', minimum: 0 };
const schema: JsonObject = {
  type: 'object',
  properties: {
    granted: {
      type: 'object',
      properties: { steps: count, tokens: count, usd: { type: 'number', minimum: 0 }, toolCalls: count },
      additionalProperties: false,
    },
    refused: { type: 'string' },
  },
  additionalProperties: false,
};

export interface Plea {
  /** Who asks, as a person knows them. */
  readonly who: string;
  readonly budget: Budget;
  readonly used: Budget;
  /** What each of several used. */
  readonly by?: Readonly<Record<string, Budget>>;
  /** The kinds there is too little of, and at least how much more of each. */
  readonly lacks: Budget;
  /** The how manieth question of its asker this is. */
  readonly number: number;
  /** Milliseconds that a person has. */
  readonly patience: number;
}

const words: Record<keyof Budget, string> = {
  steps: 'steps',
  tokens: 'tokens',
  usd: 'US dollars',
  toolCalls: 'tool calls',
};
const amount = (sum: number) => Number(sum.toPrecision(6)).toString();

export const ticketOf = ({ who, budget, used, by, lacks, number, patience }: Plea): WaitInput => ({
  question: `${who} has used ${kinds
    .filter((kind) => lacks[kind] !== undefined)
    .map((kind) => `${amount(used[kind] ?? 0)} of ${amount(budget[kind] ?? 0)} ${words[kind]}`)
    .join(' and ')}, and needs more to go on. Grant more, or refuse?`,
  subject: {
    tool: 'budget',
    input: { budget, used, ...(by === undefined ? {} : { by }), asked: lacks } as never,
    hash: `budget:${number}`,
  },
  schema: schema as WaitInput['schema'],
  deadline: patience,
  onExpiry: 'fail',
});

/** What a person gave; undefined when that is nothing. */
export function grantIn(output: WaitOutput): Budget | undefined {
  if (output.status !== 'answered') return undefined;
  const { granted } = (output.answer ?? {}) as Grant;
  return granted && kinds.some((kind) => (granted[kind] ?? 0) > 0) ? granted : undefined;
}

/** Why there is no more: what was used up, and what became of the question. */
export function refusalOf(output: WaitOutput, { message, data }: Failure): Failure {
  if (output.status !== 'answered') return failure('budget', `${message} ${unanswered(output).message}`, data);
  const { refused } = (output.answer ?? {}) as Grant;
  return failure('budget', `${message} ${output.by} gave no more${refused ? `: ${refused}` : '.'}`, data);
}
