/** A differential upgrade: which recorded runs would take another path on the machines of today. */
import type { Json } from '../../contracts/json.ts';
import type { Subject } from '../../subject.ts';
import type { Drift } from './drift.ts';
import type { Cassette } from './format.ts';
import { readCassette } from './read.ts';
import { replayOn } from './replay.ts';
import { TroupeError } from '../../contracts/failure.ts';

export interface Compared {
  readonly file: string;
  readonly run: string;
  readonly actors: number;
  readonly effects: number;
  /** The first of each phase, in the order they came up; empty when it takes the same path. */
  readonly drift: readonly Drift[];
}

/**
 * Plays each cassette to the subject, strictly and offline, and gives what came of each. Rejects with `invalid`, `incompatible` or
 * `conflict` for a cassette that cannot be played; the message names it.
 * @example for (const { file, drift } of await against(['x.json'], () => desk)) console.log(file, drift[0]?.message);
 */
export async function against(
  files: readonly string[],
  subjectOf: (args: Json | undefined) => Subject | Promise<Subject>,
): Promise<Compared[]> {
  // All are read first: a slip in the last name should not cost the time of the others.
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
  const compared: Compared[] = [];
  for (const { file, cassette } of cassettes) {
    const { drift } = await replayOn(await subjectOf(cassette.subject.args), cassette, { file });
    compared.push({ file, run: cassette.run, actors: cassette.actors.length, effects: cassette.ledger.length, drift });
  }
  return compared;
}
