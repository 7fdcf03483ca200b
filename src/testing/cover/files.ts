/** Where coverage lies between the tests that saw it and the report: one file for each test file, the newest wins. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../contracts/explain.ts';
import { TroupeError } from '../../contracts/failure.ts';
import { CoverFile, merged, type MachineRecord } from './record.ts';

/** Relative to where the tests run. */
export const coverFolder = '.troupe/cover';

/** `of` names who saw it: what the same one saw before is replaced. */
export function writeCover(folder: string, of: string, file: Omit<CoverFile, 'format'>): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${createHash('sha256').update(of).digest('hex').slice(0, 16)}.json`);
  // Renamed into place: whoever reads meanwhile finds a whole file.
  writeFileSync(`${path}.new`, JSON.stringify({ format: 'troupe-cover/1', ...file }));
  renameSync(`${path}.new`, path);
}

export interface Covered {
  readonly records: readonly MachineRecord[];
  readonly files: number;
  /** Files of earlier runs that were left out. */
  readonly stale: number;
}

/**
 * What the newest run of the tests saw; with `all`, what every run in the folder saw (shards of one run, brought together).
 * Throws `invalid` when nothing was recorded, or when a file is damaged.
 */
export function readCover(folder: string, { all = false } = {}): Covered {
  const files = namesIn(folder).map((name) => parse(join(folder, name)));
  const [first, ...rest] = files;
  if (!first)
    throw new TroupeError(
      'invalid',
      `Nothing was recorded in ${folder}. Run the tests with setupFiles: ['troupe/testing/cover'] in the Vitest config, then ask again.`,
    );
  const newest = rest.reduce((best, file) => (file.at > best.at ? file : best), first);
  const chosen = all ? files : files.filter(({ run }) => run === newest.run);
  return {
    records: merged(chosen.flatMap(({ machines }) => machines)),
    files: chosen.length,
    stale: files.length - chosen.length,
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

function parse(path: string): CoverFile {
  const say = (problem: string, cause?: unknown) =>
    new TroupeError('invalid', `${path} cannot be read as coverage: ${problem} Remove it and run the tests again.`, {
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw say('it is not whole JSON.', cause);
  }
  const { format } = (json ?? {}) as { format?: unknown };
  if (typeof format === 'string' && format !== 'troupe-cover/1')
    throw say(`it is written as ${JSON.stringify(format)}, this version reads "troupe-cover/1".`);
  const parsed = CoverFile.safeParse(json);
  if (!parsed.success) throw say(`${explain(parsed.error, json)}.`);
  return parsed.data;
}
