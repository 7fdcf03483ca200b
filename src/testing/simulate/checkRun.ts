/** Checks a run under one seed: the promises that hold of every run, and the user's own invariants. */
import { reasonOf } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import type { ActorRow } from '../../journal/journal.ts';
import type { Fault } from '../world/faultPlan.ts';
import type { Recorder } from '../world/recorder.ts';
import { oracles } from './oracles.ts';
import type { Acknowledged } from './scriptedPeople.ts';
import type { ScenarioConditions } from './simulationScenario.ts';

/** A run under one seed when it is over. */
export interface CheckedRun {
  readonly run: string;
  /** Undefined when the run was never started. */
  readonly root: ActorRow | undefined;
  readonly ended: boolean;
  readonly steps: number;
  readonly recorder: Recorder;
  readonly faults: readonly Fault[];
  readonly acknowledged: readonly Acknowledged[];
  readonly invariants: NonNullable<ScenarioConditions['invariants']>;
}

/** What went wrong, in words; empty when everything held. */
export async function checkRun({ run, root, ended, steps, recorder, faults, ...more }: CheckedRun): Promise<string[]> {
  const { journal, broken } = recorder;
  const rows = await journal.find({ run, limit: 100_000 });
  const history = await journal.history({ run, limit: 1_000_000 });
  // A lease says which process owns a run, by clocks that agree: a clock that jumps by minutes may cost a second performance, under the same key.
  const jumped = faults.some(({ kind }) => kind === 'clock');
  const problems = broken.filter(({ promise }) => !(jumped && promise === 'E5')).map(({ says }) => says);
  if (!ended)
    problems.push(
      `it stands still: ${root ? `${root.actor} is in ${root.state}` : 'it was never started'} after ${steps} steps`,
    );
  const evidence = { run, journal, rows, history, acknowledged: more.acknowledged };
  for (const [name, oracle] of Object.entries(oracles))
    if (ended && !(jumped && name === 'punctual'))
      problems.push(...(await oracle(evidence)).map((says) => `${name}: ${says}`));
  for (const [name, invariant] of Object.entries(more.invariants)) {
    const says = answerOf(name, () => invariant({ root, rows, disk: journal, faults }));
    if (says !== undefined) problems.push(`${name}: ${says}`);
  }
  return problems;
}

/** An invariant that throws says nothing about the subject. */
function answerOf(name: string, ask: () => string | undefined): string | undefined {
  try {
    return ask();
  } catch (cause) {
    throw new TroupeError(
      'definition',
      `The invariant "${name}" threw instead of answering: ${reasonOf(cause)}. It gives a text that says what is wrong, or undefined.`,
      { cause },
    );
  }
}
