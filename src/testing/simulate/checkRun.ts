/** Checks a run under one seed: the promises that hold of every run, and the user's own invariants. */
import { reasonOf } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import type { ActorRow } from '../../journal/journal.ts';
import type { Fault } from '../world/faultPlan.ts';
import type { Recorder } from '../world/recorder.ts';
import { gravestFirst, type Problem } from './gravity.ts';
import { oracles, ofEndedRuns } from './oracles.ts';
import type { Acknowledged } from './scriptedPeople.ts';
import type { ScenarioConditions } from './simulationScenario.ts';

/** How a run under one seed is over: its root has ended, nothing can happen any more, or it was stopped at a step. */
export type SimulationEnd = 'ended' | 'stuck' | 'stopped';

/** A run under one seed when it is over. */
export interface CheckedRun {
  readonly run: string;
  /** Undefined when the run was never started. */
  readonly root: ActorRow | undefined;
  readonly end: SimulationEnd;
  readonly steps: number;
  readonly recorder: Recorder;
  readonly faults: readonly Fault[];
  readonly acknowledged: readonly Acknowledged[];
  readonly invariants: NonNullable<ScenarioConditions['invariants']>;
  /** Copies of a shared journal that differ, in words. */
  readonly divided: readonly string[];
  /** Processes whose run came to rest without telling those who wait for it, in words. */
  readonly untold: readonly string[];
}

/** What went wrong, in words, the gravest first; empty when everything held. Of a run that was stopped, only what no later step could mend. */
export async function checkRun(checked: CheckedRun): Promise<string[]> {
  const { run, root, end, steps, recorder, faults, acknowledged, invariants, divided, untold } = checked;
  const { journal, broken } = recorder;
  const rows = await journal.find({ run, limit: 100_000 });
  const history = await journal.history({ run, limit: 1_000_000 });
  // A lease says which process owns a run, by clocks that agree: a clock that jumps by minutes may cost a second performance, under the same key.
  const jumped = faults.some(({ kind }) => kind === 'clock');
  const problems: Problem[] = [
    ...broken
      .filter(({ promise }) => !(jumped && promise === 'E5'))
      .map(({ promise, says }) => ({ source: promise, says })),
    ...divided.map((says) => ({ source: 'divided', says })),
    ...untold.map((says) => ({ source: 'untold', says })),
  ];
  const evidence = { run, journal, rows, history, acknowledged };
  for (const [name, oracle] of Object.entries(oracles)) {
    if ((end !== 'ended' && ofEndedRuns.has(name)) || (jumped && name === 'punctual')) continue;
    problems.push(...(await oracle(evidence)).map((says) => ({ source: name, says: `${name}: ${says}` })));
  }
  if (end !== 'stopped')
    for (const [name, invariant] of Object.entries(invariants)) {
      const says = answerOf(name, () => invariant({ root, rows, disk: journal, faults }));
      if (says !== undefined) problems.push({ source: 'invariant', says: `${name}: ${says}` });
    }
  if (end === 'stuck') {
    const place = root ? `${root.actor} is in ${root.state}` : 'it was never started';
    problems.push({ source: 'standstill', says: `it stands still: ${place} after ${steps} steps` });
  }
  return gravestFirst(problems).map(({ says }) => says);
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
