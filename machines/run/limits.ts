/** What bounds a run unless its team says otherwise. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { RunLimits } from '../../src/contracts/run.ts';
import type { Membership } from '../member.ts';
import type { OnExhausted } from '../../src/contracts/treasury.ts';

export const defaultRunLimits: RunLimits = {
  deadline: 48 * 3_600_000,
  maxTurns: 50,
  grace: 15_000,
  patience: 12 * 3_600_000,
};

export interface RunSettings {
  readonly limits: RunLimits;
  readonly budget: Budget;
  /** What its members are; who is not named is an agent. */
  readonly members?: Readonly<Record<string, Membership>>;
  /** `fail` unless told otherwise. */
  readonly onExhausted?: OnExhausted;
  /** Of the team, for people. */
  readonly name?: string;
}
export const defaultRunSettings: RunSettings = { limits: defaultRunLimits, budget: {} };
