/** `troupe runs export`: prints a run as a cassette, which a test or `troupe check --against` replays. */
import { errorMessage } from '../../values/cause.ts';
import type { Cli } from '../cli.ts';
import { exit, UsageError } from '../exit.ts';
import { existing, type Shared } from '../options.ts';
import { say } from '../output/write.ts';
import { rootOf } from '../runRows.ts';

/** What is masked in the cassette. */
export interface ExportOptions extends Shared {
  /** Regular expressions, besides the values of secrets in the environment. */
  readonly redact: readonly string[];
}

/** Prints the cassette of a run, which need not have ended. */
export async function exportRun(cli: Cli, run: string, { redact, ...options }: ExportOptions): Promise<number> {
  const patterns = redact.map(patternOf);
  await using runtime = await cli.open(await existing(cli, options));
  await rootOf(runtime.journal, run);
  const cassettes = await import('../../testing/cassettes/export.ts');
  const { textOf } = await import('../../testing/cassettes/format.ts');
  const cassette = await cassettes.exportRun(runtime.journal, run, { env: cli.env, redact: patterns });
  cli.out.write(textOf(cassette));
  if (!cassette.end) say(cli, `${run} has not ended: the cassette holds it as far as it is.`);
  return exit.done;
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
