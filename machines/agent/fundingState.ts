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
  /** What is reserved for the next call of the model, if that is measured before it is made. */
  readonly reserve?: Reservation;
  /** What is lent to those who work for the agent in this turn. */
  readonly loans?: Loans;
  /** What a call of those who worked for it has cost. */
  readonly costs?: Ledger['costs'];
}

/** What is reserved for one call of the model: its sums are absent until the request was measured. */
export interface Reservation {
  /** The steps that were used before the call. */
  readonly step: number;
  /** The lender must be asked before the call whatever it costs at most, unless that is known and fits. */
  readonly isShort: boolean;
  /** The most that it can cost, as far as that is known. */
  readonly most?: Budget;
  /** What it costs with the shortest answer of use. */
  readonly least?: Budget;
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
