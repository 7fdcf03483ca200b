/** Stores coverage between the tests and the report: one file for each test file; a newer one replaces an older one. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMismatch } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import { CoverFile, mergeRecords, type MachineRecord } from './record.ts';

/** The default folder, relative to the working directory of the tests. */
export const coverFolder = '.troupe/cover';

/** Writes what one test file has covered. `of` names the test file; what it covered in an earlier run is replaced. */
export function writeCover(folder: string, of: string, file: Omit<CoverFile, 'format'>): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${createHash('sha256').update(of).digest('hex').slice(0, 16)}.json`);
  // Renamed into place, so that a reader never finds half a file.
  writeFileSync(`${path}.new`, JSON.stringify({ format: 'troupe-cover/1', ...file }));
  renameSync(`${path}.new`, path);
}

/** What was read from the folder. */
export interface CoverageFiles {
  /** One record for each machine. */
  readonly records: readonly MachineRecord[];
  /** How many files were read. */
  readonly files: number;
  /** How many files of earlier runs were left out. */
  readonly stale: number;
}

/**
 * Reads what the newest run of the tests covered; with `all`, what every run in the folder covered, so that shards of one run are added up.
 * Throws `invalid` when nothing was recorded, or when a file is damaged.
 */
export function readCover(folder: string, { all = false } = {}): CoverageFiles {
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
    records: mergeRecords(chosen.flatMap(({ machines }) => machines)),
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
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
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
  const { format }: { format?: unknown } = Object(json);
  if (typeof format === 'string' && format !== 'troupe-cover/1')
    throw say(`it is written as ${JSON.stringify(format)}, this version reads "troupe-cover/1".`);
  const parsed = CoverFile.safeParse(json);
  if (!parsed.success) throw say(`${describeMismatch(parsed.error, json)}.`);
  return parsed.data;
}
