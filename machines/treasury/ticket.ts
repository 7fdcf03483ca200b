/** The ticket on which a person is asked for a larger budget, and what the answer means. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { WaitInput, WaitOutput } from '../../src/contracts/wait.ts';
import { makeFailure } from '../failure.ts';
import { asZodJson } from '../json.ts';
import { asJson } from '../../src/values/json.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import { unansweredFailure } from '../wait.ts';
import { isBudget, budgetKinds } from './ledger.ts';

const count = { type: 'integer', minimum: 0 };
const schema: WaitInput['schema'] = {
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

/** A request for a larger budget, to be put to a person. */
export interface FundingRequest {
  /** The name of the agent or the team that asks, as a person knows it. */
  readonly who: string;
  readonly budget: Budget;
  readonly used: Budget;
  /** What each of its members used, by name. */
  readonly by?: Readonly<Record<string, Budget>>;
  /** The kinds there is too little of, and at least how much more of each is needed. */
  readonly lacks: Budget;
  /** Counts the requests of this agent or team; 1 for the first. */
  readonly number: number;
  /** How long the ticket stays open, in milliseconds. */
  readonly patience: number;
}

const unitNames: Record<keyof Budget, string> = {
  steps: 'steps',
  tokens: 'tokens',
  usd: 'US dollars',
  toolCalls: 'tool calls',
};
const amount = (sum: number) => Number(sum.toPrecision(6)).toString();

export const fundingTicket = ({ who, budget, used, by, lacks, number, patience }: FundingRequest): WaitInput => ({
  question: `${who} has used ${budgetKinds
    .filter((kind) => lacks[kind] !== undefined)
    .map((kind) => `${amount(used[kind] ?? 0)} of ${amount(budget[kind] ?? 0)} ${unitNames[kind]}`)
    .join(' and ')}, and needs more to go on. Grant more, or refuse?`,
  subject: {
    tool: 'budget',
    input: asZodJson(asJson({ budget, used, ...(by === undefined ? {} : { by }), asked: lacks })),
    hash: `budget:${number}`,
  },
  schema,
  deadline: patience,
  onExpiry: 'fail',
});

/** What a person granted; undefined when that is nothing. Somebody who also refuses has granted nothing. */
export function grantedBudget(output: WaitOutput): Budget | undefined {
  if (output.status !== 'answered') return undefined;
  const { granted, refused } = propertiesOf(output.answer);
  if (refused !== undefined) return undefined;
  return isBudget(granted) && budgetKinds.some((kind) => (granted[kind] ?? 0) > 0) ? granted : undefined;
}

/** Why the budget stays as it is: what was used up, and how the request ended. */
export function fundingRefusal(output: WaitOutput, { message, data }: Failure): Failure {
  if (output.status !== 'answered')
    return makeFailure('budget', `${message} ${unansweredFailure(output).message}`, data);
  const { refused } = propertiesOf(output.answer);
  const reason = typeof refused === 'string' && refused !== '' ? `: ${refused}` : '.';
  return makeFailure('budget', `${message} ${output.by} gave no more${reason}`, data);
}
