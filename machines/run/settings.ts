/** The settings of a run: its bounds and their defaults. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { RunLimits } from '../../src/contracts/run.ts';
import type { MemberKind } from '../member.ts';
import type { OnExhausted } from '../../src/contracts/treasury.ts';

/** 48 hours, 50 turns, 15 seconds to stop, 12 hours for a person to answer. */
export const defaultRunLimits: RunLimits = {
  deadline: 48 * 3_600_000,
  maxTurns: 50,
  grace: 15_000,
  patience: 12 * 3_600_000,
};

/** What a team's definition comes to for the chart of its run. It is in no snapshot. */
export interface RunSettings {
  /** The deadline, the most turns, and the times to wait; `defaultRunLimits` by default. */
  readonly limits: RunLimits;
  /** The team's own limits; a kind that is not named is not limited. */
  readonly budget: Budget;
  /** What its members are, by name; one that is not named is an agent. */
  readonly members?: Readonly<Record<string, MemberKind>>;
  /** What to do when the budget leaves no room; `fail` by default. */
  readonly onExhausted?: OnExhausted;
  /** The message that stands for the answer of a member that failed; without it such a failure ends the run. The route decides what follows. */
  readonly failureMessage?: string;
  /** Of two members, too, each asks before its first call while its cost is not known. Only the recording of a run that an earlier version began is replayed without. */
  readonly asksFirst?: true;
  /** The name of the team, for people. */
  readonly name?: string;
}
/** No budget, and members that are agents. */
export const defaultRunSettings: RunSettings = { limits: defaultRunLimits, budget: {} };
