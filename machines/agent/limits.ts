/** What bounds an agent unless its definition says otherwise, and which phases it asks for. */
import type { AgentLimits, Budget } from '../../src/contracts/agent.ts';
import type { InputPolicy } from '../../src/contracts/input.ts';
import type { OnExhausted } from '../../src/contracts/treasury.ts';

const second = 1_000;
const hour = 3_600 * second;

export const defaultLimits: AgentLimits = {
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

/** A budget that nobody set still ends: this many answers, and no other bound. */
export const defaultBudget: Budget = { steps: 50 };

/** What a definition comes to for its machine. Guards and delays are made from it, so it is in no snapshot and may be raised for a run that stopped. */
export interface AgentSettings {
  readonly limits: AgentLimits;
  readonly budget: Budget;
  readonly onInput: InputPolicy;
  readonly onExhausted: OnExhausted;
  /** How many models it may go on with, each cheaper than the one before. */
  readonly models: number;
  /** For people. */
  readonly name?: string;
  /** Phases that have something to do. */
  readonly analysis: boolean;
  readonly discovery: boolean;
  readonly planning: boolean;
  readonly verification: boolean;
  readonly toolbelt: boolean;
  readonly cleanup: boolean;
}

export const defaultSettings: AgentSettings = {
  limits: defaultLimits,
  budget: defaultBudget,
  onInput: 'merge',
  onExhausted: 'fail',
  models: 1,
  analysis: false,
  discovery: false,
  planning: false,
  verification: false,
  toolbelt: false,
  cleanup: false,
};
