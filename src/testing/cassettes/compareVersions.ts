/** Compares recorded runs with the machines of today: which runs would take another path? */
import type { Json } from '../../values/json.ts';
import type { Runnable } from '../../define/runnable.ts';
import type { Drift } from './drift.ts';
import type { Cassette } from './format.ts';
import { readCassette } from './read.ts';
import { replayCassette } from './replay.ts';
import { TroupeError } from '../../values/failure.ts';

/** What came of one cassette. */
export interface VersionComparison {
  /** The cassette's file, as it was given. */
  readonly file: string;
  /** The key of the recorded run. */
  readonly run: string;
  /** How many actors the recording has. */
  readonly actors: number;
  /** How many outcomes of effects the recording has. */
  readonly effects: number;
  /** The first difference of each phase of each actor, in the order they appeared; empty when the run takes the same path. */
  readonly drift: readonly Drift[];
}

/**
 * Replays each cassette on the subject that `subjectOf` gives for its `args`, strictly and offline, and returns what came of each. Rejects with
 * `invalid`, `incompatible` or `conflict` for a cassette that cannot be replayed; the message names it.
 * @example for (const { file, drift } of await compareVersions(['x.json'], () => desk)) console.log(file, drift[0]?.message);
 */
export async function compareVersions(
  files: readonly string[],
  subjectOf: (args: Json | undefined) => Runnable | Promise<Runnable>,
): Promise<VersionComparison[]> {
  // All are read first, so that a wrong name at the end does not cost the time of the others.
  const cassettes: { file: string; cassette: Cassette }[] = [];
  for (const file of files) {
    const cassette = await readCassette(file);
    if (!cassette)
      throw new TroupeError(
        'invalid',
        `There is no cassette ${file}. Make one with "troupe runs export RUN > ${file}".`,
      );
    cassettes.push({ file, cassette });
  }
  const compared: VersionComparison[] = [];
  for (const { file, cassette } of cassettes) {
    const { drift } = await replayCassette(await subjectOf(cassette.subject.args), cassette, { file });
    compared.push({ file, run: cassette.run, actors: cassette.actors.length, effects: cassette.ledger.length, drift });
  }
  return compared;
}
