/** What one seed broke, of the promises that hold of every run and of the user's own. */
import { TroupeError } from '../../contracts/failure.ts';
import type { ActorRow } from '../../journal/journal.ts';
import type { Fault } from './faults.ts';
import { oracles } from './oracles.ts';
import type { Play } from './simulation.ts';
import type { Witness } from './witness.ts';

export interface Case {
  readonly run: string;
  readonly root: ActorRow | undefined;
  readonly ended: boolean;
  readonly steps: number;
  readonly witness: Witness;
  readonly faults: readonly Fault[];
  readonly acknowledged: readonly { readonly id: string; readonly to: string }[];
  readonly invariants: Play['invariants'];
}

/** In words, and empty when everything held. */
export async function verdict({ run, root, ended, steps, witness, faults, ...more }: Case): Promise<string[]> {
  const { disk, complaints } = witness;
  const rows = await disk.find({ run, limit: 100_000 });
  const history = await disk.history({ run, limit: 1_000_000 });
  // Who owns a run is told by a lease, and a lease by clocks that agree: one that jumps by minutes may cost a second performance, under the same key.
  const jumped = faults.some(({ kind }) => kind === 'clock');
  const problems = complaints.filter(({ promise }) => !(jumped && promise === 'E5')).map(({ says }) => says);
  if (!ended)
    problems.push(
      `it stands still: ${root ? `${root.actor} is in ${root.state}` : 'it was never begun'} after ${steps} steps`,
    );
  const evidence = { run, disk, rows, history, acknowledged: more.acknowledged };
  for (const [name, oracle] of Object.entries(oracles))
    if (ended && !(jumped && name === 'punctual'))
      problems.push(...(await oracle(evidence)).map((says) => `${name}: ${says}`));
  for (const [name, holds] of Object.entries(more.invariants ?? {})) {
    const says = asked(name, () => holds({ root, rows, disk, faults }));
    if (says !== undefined) problems.push(`${name}: ${says}`);
  }
  return problems;
}

/** An invariant that throws says nothing about the subject. */
function asked(name: string, holds: () => string | undefined): string | undefined {
  try {
    return holds();
  } catch (cause) {
    throw new TroupeError(
      'definition',
      `The invariant "${name}" threw instead of answering: ${(cause as Error).message}. It gives a text that says what is wrong, or undefined.`,
      { cause },
    );
  }
}
