/** `troupe runs export`: prints a run as a cassette, which a test or `troupe check --against` replays. */
import { errorMessage } from '../../values/cause.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { writeMessage } from '../output/write.ts';
import { rootRowOf } from '../runRows.ts';
import { storedSecrets } from '../storedSecrets.ts';

/** What is masked in the cassette. */
export interface ExportCommandOptions extends CommonOptions {
  /** Regular expressions, besides the values of secrets in the environment and beside the journal. */
  readonly redact: readonly string[];
}

/** Prints the cassette of a run, which need not have ended. */
export async function exportCommand(
  cli: Cli,
  run: string,
  { redact, ...options }: ExportCommandOptions,
): Promise<number> {
  const patterns = redact.map(patternOf);
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  await rootRowOf(runtime.journal, run);
  const cassettes = await import('../../testing/cassettes/export.ts');
  const { cassetteText } = await import('../../testing/cassettes/format.ts');
  const cassette = await cassettes.exportRun(runtime.journal, run, {
    env: cli.env,
    secrets: await storedSecrets(cli, options),
    redact: patterns,
  });
  cli.out.write(cassetteText(cassette));
  if (!cassette.end) writeMessage(cli, `${run} has not ended: the cassette holds it as far as it is.`);
  return exitCodes.done;
}

function patternOf(text: string): RegExp {
  let pattern: RegExp;
  try {
    pattern = new RegExp(text, 'gu');
  } catch (cause) {
    throw new UsageError(`--redact expects a regular expression; ${errorMessage(cause)}.`, { cause });
  }
  if (pattern.test(''))
    throw new UsageError(
      `--redact ${JSON.stringify(text)} fits the empty text, so it would mask everything. Write what must be there.`,
    );
  return pattern;
}
