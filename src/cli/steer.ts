/** `troupe runs cancel` and `pause`: leaves word for a run in the journal, whichever process owns it. */
import { reconfigurationOf } from '../control.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { ActorRow } from '../journal/journal.ts';
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { validateOptions } from '../orchestrate/hardening.ts';
import { jsonFile } from './jsonFile.ts';
import { existing, type Shared } from './options.ts';
import { say, writeJson } from './output.ts';
import { rootOf } from './roots.ts';

export const cancel = (cli: Cli, run: string, options: Shared & { reason: string }): Promise<number> =>
  steer(cli, run, options, 'cancel', { reason: options.reason });

export const pause = (cli: Cli, run: string, options: Shared): Promise<number> => steer(cli, run, options, 'pause');

/** Everybody is back in rotation; an orchestration that stands takes tasks again. */
export const reset = (cli: Cli, run: string, options: Shared): Promise<number> => steer(cli, run, options, 'reset');

/** Other limits, from the seed's JSON, for an orchestration that runs. */
export async function configure(cli: Cli, run: string, options: Shared & { hardening: string }): Promise<number> {
  const { file, value } = await jsonFile(cli, options.hardening);
  const { errors } = validateOptions(value);
  if (errors.length > 0) throw new UsageError(errors.map((error) => `${file}: ${error}`).join('\n'));
  return steer(cli, run, options, 'configure', reconfigurationOf(value) as JsonObject);
}

type Word = 'cancel' | 'pause' | 'resume' | 'reset' | 'configure';

/** A team's run, a single agent, an orchestration and what is guarded take the same words under their own names. */
export function signalOf(
  { type, run, snapshot }: ActorRow,
  word: Word,
  more: JsonObject = {},
): { type: string } & JsonObject {
  const isShared = word !== 'reset' && word !== 'configure';
  if (isShared && (type === 'run' || type === 'agent')) return { ...more, type: `${type}.${word}` };
  if (isShared && (snapshot as { machine?: string }).machine === 'guardrail') return { ...more, type: `work.${word}` };
  if (type === 'router') return { ...more, type: `orchestra.${word}` };
  if (!isShared)
    throw new UsageError(`Orchestrations can be told to ${word}; the run ${run} is run by the machine "${type}".`);
  throw new UsageError(
    `Teams, orchestrations and agents can be told to ${word}; the run ${run} is the machine "${type}", which takes its own events only.`,
  );
}

async function steer(cli: Cli, run: string, options: Shared, word: Word, more: JsonObject = {}): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  const root = await rootOf(runtime.journal, run);
  if (root.status !== 'active')
    throw new UsageError(
      `The run ${run} has ended already (${root.status}, ${root.state}); there is nothing to ${word}.`,
    );
  await runtime.signal(root.actor, signalOf(root, word, more));
  if (options.json) writeJson(cli.out, { run, sent: word });
  else
    say(
      cli,
      `The run ${run} is told to ${word}. The process at work on it hears it at once; if there is none, it takes effect with: troupe runs resume ${run}`,
    );
  return exit.done;
}
