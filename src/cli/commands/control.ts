/** `troupe runs cancel`, `pause`, `reset` and `configure`: sends a control signal to a run through the journal, whichever process holds the run. */
import { controlSignal, type ControlCommand } from '../../client/controlSignal.ts';
import { reconfigurationOf } from '../../runtime/reconfiguration.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { validateOptions } from '../../formats/hardening.ts';
import { readJsonFile } from '../jsonFile.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { sentText } from '../output/sentText.ts';
import { writeMessage, writeJson } from '../output/write.ts';
import { rootRowOf } from '../runRows.ts';

/** Cancels a run. */
export const cancelRun = (cli: Cli, run: string, options: CommonOptions & { reason: string }): Promise<number> =>
  sendControl(cli, run, options, 'cancel', { reason: options.reason });

/** Pauses a run: running effects finish, and no new ones start. */
export const pauseRun = (cli: Cli, run: string, options: CommonOptions): Promise<number> =>
  sendControl(cli, run, options, 'pause');

/** Puts every member of an orchestration back into rotation; one that was stuck without members takes tasks again. */
export const resetRun = (cli: Cli, run: string, options: CommonOptions): Promise<number> =>
  sendControl(cli, run, options, 'reset');

/** Changes the limits of a running orchestration, from a JSON file. Throws `UsageError` with every mistake in it. */
export async function configureRun(
  cli: Cli,
  run: string,
  options: CommonOptions & { hardening: string },
): Promise<number> {
  const { file, value } = await readJsonFile(cli, options.hardening);
  const { errors } = validateOptions(value);
  if (errors.length > 0) throw new UsageError(errors.map((error) => `${file}: ${error}`).join('\n'));
  return sendControl(cli, run, options, 'configure', reconfigurationOf(value) as JsonObject);
}

/** Throws `UsageError` when the run has ended. */
async function sendControl(
  cli: Cli,
  run: string,
  options: CommonOptions,
  command: ControlCommand,
  more: JsonObject = {},
): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const root = await rootRowOf(runtime.journal, run);
  if (root.status !== 'active')
    throw new UsageError(
      `The run ${run} has ended already (${root.status}, ${root.state}); there is nothing to ${command}.`,
    );
  await runtime.signal(root.actor, controlSignal(root, command, more));
  if (options.json) writeJson(cli.out, { run, sent: command });
  else writeMessage(cli, await sentText(runtime, { ...options, run, sent: command }));
  return exitCodes.done;
}
