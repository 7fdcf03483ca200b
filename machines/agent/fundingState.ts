/** What an agent knows of its funding: its lease, what a person granted, and whom it asked. */
import type { AgentInput, Budget } from '../../src/contracts/agent.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WaitInput } from '../../src/contracts/wait.ts';
import type { Ledger } from '../treasury/ledger.ts';

/** What an agent knows of its funding, beside its budget and its allowance. */
export interface Funding {
  /** The name under which its parent may be asked for more than the allowance. */
  readonly lease?: string;
  /** Cheaper models go on when the allowance runs short, whatever the agent's own settings say. */
  readonly degrade?: true;
  /** What a person granted beyond the agent's own budget. */
  readonly extra?: Budget;
  /** Tool calls that are needed in all: the model wanted to make some when none were left. */
  readonly calls?: number;
  /** The ticket on which a person is being asked. */
  readonly plea?: WaitInput;
  /** How many times a person was asked. */
  readonly asked: number;
  /** How many models were passed over for cheaper ones. */
  readonly cheaper: number;
  /** What is lent to those who work for the agent in this turn. */
  readonly loans?: Loans;
  /** What a call of those who worked for it has cost. */
  readonly costs?: Ledger['costs'];
}

/** What an agent has lent in one turn. */
export interface Loans {
  readonly books: Ledger;
  /** The requests that wait, oldest first. */
  readonly queue: readonly TreasuryLease[];
  /** What is kept for the agent's own next answer. */
  readonly kept: Budget;
  /** The agent has asked its own lender for more. */
  readonly hasAsked?: true;
}

/** The funding that a task begins with. */
export const fundingOf = ({ lease, degrade }: AgentInput): Funding => ({
  ...(lease === undefined ? {} : { lease }),
  ...(degrade === undefined ? {} : { degrade }),
  asked: 0,
  cheaper: 0,
});
