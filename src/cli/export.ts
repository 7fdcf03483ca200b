/** `troupe runs export`: a run as a cassette, which a test or `troupe check --against` plays again. */
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { existing, type Shared } from './options.ts';
import { say } from './output.ts';
import { rootOf } from './roots.ts';

export interface ExportOptions extends Shared {
  readonly redact: readonly string[];
}

export async function exportRun(cli: Cli, run: string, { redact, ...options }: ExportOptions): Promise<number> {
  const patterns = redact.map(patternOf);
  await using runtime = await cli.open(await existing(cli, options));
  await rootOf(runtime.journal, run);
  const kit = await import('../testing/cassettes/export.ts');
  const { textOf } = await import('../testing/cassettes/format.ts');
  const cassette = await kit.exportRun(runtime.journal, run, { env: cli.env, redact: patterns });
  cli.out.write(textOf(cassette));
  if (!cassette.end) say(cli, `${run} has not ended: the cassette holds it as far as it is.`);
  return exit.done;
}

function patternOf(text: string): RegExp {
  let pattern: RegExp;
  try {
    pattern = new RegExp(text, 'gu');
  } catch (cause) {
    throw new UsageError(`--redact expects a regular expression; ${(cause as Error).message}.`, { cause });
  }
  if (pattern.test(''))
    throw new UsageError(
      `--redact ${JSON.stringify(text)} fits the empty text, so it would mask everything. Write what must be there.`,
    );
  return pattern;
}
