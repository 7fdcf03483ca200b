/** `troupe check FILE --against CASSETTE`: replays recorded runs on the machines of a file, offline, and shows which would take another path. */
import { resolve } from 'node:path';
import { TroupeError } from '../../values/failure.ts';
import { escapeControls } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { loadDefinition } from '../load.ts';
import { writeJson } from '../output/write.ts';

/** What is compared. */
export interface CheckAgainstOptions {
  /** Paths of cassettes. */
  readonly against: readonly string[];
  /** Prints the comparison as JSON; false by default. */
  readonly json?: boolean;
}

/** Resolves to exit code 1 when a run would take another path. Throws `UsageError` for a cassette that cannot be replayed. */
export async function checkAgainst(
  cli: Cli,
  path: string,
  { against: files, json }: CheckAgainstOptions,
): Promise<number> {
  const { compareVersions: compare } = await import('../../testing/cassettes/compareVersions.ts');
  const compared = await compare(
    files.map((file) => resolve(cli.cwd, file)),
    async (args) => (await loadDefinition(cli.cwd, path, args ?? {})).subject,
  ).catch((thrown: unknown) => {
    // A cassette that cannot be replayed is wrong usage, not a failed run.
    throw thrown instanceof TroupeError ? new UsageError(thrown.message, { cause: thrown }) : thrown;
  });
  const changed = compared.filter(({ drift }) => drift.length > 0);
  if (json) writeJson(cli.out, compared);
  else {
    for (const [index, { run, actors, effects, drift }] of compared.entries()) {
      const [first] = drift;
      if (!first)
        cli.out.write(
          `${files[index]}  ${run}: the same path (${counted(actors, 'actor')}, ${counted(effects, 'effect')})\n`,
        );
      else {
        cli.out.write(`${files[index]}  ${run}: another path; the first of ${drift.length} differences:\n`);
        cli.out.write(
          `  ${first.actor}${first.phase === '' ? '' : `, in "${escapeControls(first.phase)}"`}, step ${first.seq}: ${escapeControls(first.message)}\n`,
        );
        for (const line of first.difference?.split('\n') ?? []) cli.out.write(`    ${escapeControls(line)}\n`);
      }
    }
    cli.out.write(`${compared.length - changed.length} of ${compared.length} recorded runs take the same path.\n`);
  }
  return changed.length > 0 ? exitCodes.failed : exitCodes.done;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
