/** The settings of an agent: its bounds and their defaults, and the phases that its definition asks for. */
import type { AgentLimits, Budget } from '../../src/contracts/agent.ts';
import type { InputPolicy } from '../../src/contracts/input.ts';
import type { OnExhausted } from '../../src/contracts/treasury.ts';

const second = 1_000;
const hour = 3_600 * second;

/** The limits of an agent whose definition sets none. Times are in milliseconds. */
export const defaultAgentLimits: AgentLimits = {
  deadline: 24 * hour,
  phaseTimeout: 120 * second,
  cleanupGrace: 10 * second,
  approvalDeadline: 12 * hour,
  softShare: 0.8,
  maxCallsPerTurn: 32,
  maxRequeries: 3,
  maxRetries: 2,
  maxAlternatives: 2,
  maxFallbacks: 2,
  maxRecoveries: 8,
  maxVerifyRounds: 2,
  maxToolFailures: 3,
  maxRepeats: 5,
  backoff: 1 * second,
  maxBackoff: 60 * second,
  evalEvery: 3,
  demoteAfter: 6,
  toolbeltPause: 6,
  allowUnknownPrice: false,
};

/** The budget of an agent whose definition sets none: 50 answers of a model, and no other limit. */
export const defaultAgentBudget: Budget = { steps: 50 };

/** What a definition comes to for the agent's machine. Guards and delays are made from it, so it is in no snapshot and may be raised for a run that stopped. */
export interface AgentSettings {
  /** Times are in milliseconds. */
  readonly limits: AgentLimits;
  /** The agent's own hard limits; a kind that is not named is not limited. */
  readonly budget: Budget;
  /** What becomes of input that comes while the agent works. */
  readonly onInput: InputPolicy;
  /** What to do when the budget has no room for another step. */
  readonly onExhausted: OnExhausted;
  /** How many models the agent may use, each cheaper than the one before. */
  readonly models: number;
  /** The agent's name, for people. */
  readonly name?: string;
  /** A model analyzes the task first. */
  readonly analysis: boolean;
  /** The tools are listed first. */
  readonly discovery: boolean;
  /** A model makes a plan first. */
  readonly planning: boolean;
  /** The answer is checked against objectives. */
  readonly verification: boolean;
  /** There is a toolbelt to activate. */
  readonly toolbelt: boolean;
  /** Something must be closed at the end. */
  readonly cleanup: boolean;
  /** Agents or teams are among the tools: they are lent of the budget. */
  readonly lends: boolean;
  /** The most that a call of the model can cost is known, and the agent may be lent its budget: it reserves so much before each call. */
  readonly reserves: boolean;
  /** A model is asked before the turns, by an agent that may be lent its budget: it asks its lender first. */
  readonly borrowsEarly: boolean;
}

/** The default limits and budget, one model, and no optional phase. */
export const defaultAgentSettings: AgentSettings = {
  limits: defaultAgentLimits,
  budget: defaultAgentBudget,
  onInput: 'merge',
  onExhausted: 'fail',
  models: 1,
  analysis: false,
  discovery: false,
  planning: false,
  verification: false,
  toolbelt: false,
  cleanup: false,
  lends: false,
  reserves: false,
  borrowsEarly: false,
};
