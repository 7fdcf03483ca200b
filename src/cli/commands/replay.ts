/** `troupe runs replay`: begins a new run of a flow with the results of another one, or shows what that would take and perform. */
import type { ReplayPlan } from '../../client/index.ts';
import { aboutOf } from '../../client/runFacts.ts';
import type { Cli } from '../cli.ts';
import { followRun } from '../follow.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { jsonObjectOption } from '../jsonOption.ts';
import { clientOn } from '../openClient.ts';
import { definitionOfRun } from '../runDefinition.ts';
import { existingJournalOptions, type FollowOptions } from '../options.ts';
import { writeJson, writeMessage } from '../output/write.ts';
import { runOriginOf, rootRowOf } from '../runRows.ts';

/** The options of `troupe runs replay`. */
export interface ReplayCommandOptions extends FollowOptions {
  /** The call from which it is performed anew. */
  readonly from?: string;
  /** Results that are given, as a JSON object: `{"checkpoint.draft": …}`. */
  readonly overrides?: string;
  /** Whether dates and other values are written with a tag in the overrides; false by default. */
  readonly encoded?: boolean;
  /** Fields of the input that are replaced, as a JSON object. */
  readonly input?: string;
  /** The key of the new run; one is made by default. */
  readonly key?: string;
  /** The file of its definition, when it has moved. */
  readonly file?: string;
  /** Shows the plan and begins nothing; false by default. */
  readonly plan?: boolean;
}

/** Replays a run and follows the new one. Resolves to the exit code. */
export async function replayCommand(cli: Cli, run: string, options: ReplayCommandOptions): Promise<number> {
  const { from, key, file, encoded } = options;
  const overrides = options.overrides === undefined ? undefined : jsonObjectOption('--overrides', options.overrides);
  const input = options.input === undefined ? undefined : jsonObjectOption('--input', options.input);
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const root = await rootRowOf(runtime.journal, run);
  const selection = {
    ...(from === undefined ? {} : { from }),
    ...(overrides ? { overrides } : {}),
    ...(encoded ? { encoded } : {}),
  };
  const plan = await (await clientOn(cli, runtime)).executions.plan(run, selection);
  if (options.plan) return showPlan(cli, plan, options);
  const origin = runOriginOf(root);
  const loaded = await definitionOfRun(cli, origin, options, file);
  if (loaded === undefined)
    throw new UsageError(
      `The run ${run} was started from code, not from a file, so it cannot be loaded here. Call runtime.replay in that code, or name a file with --file.`,
    );
  // Where it came from, so that the new run can be gone on with as well. What its runtime adds is added anew.
  const { name: _, version: __, replayOf: ___, frozen_execution_spec: ____, ...about } = aboutOf(root);
  const meta = { ...about, ...(file === undefined ? {} : { file: loaded.file }) };
  const changes = { ...selection, ...(input ? { input } : {}), ...(key === undefined ? {} : { key }), meta };
  return await followRun(cli, runtime, loaded, () => runtime.replay(run, loaded.subject, changes), options);
}

function showPlan(cli: Cli, plan: ReplayPlan, { json }: ReplayCommandOptions): number {
  if (json) writeJson(cli.out, plan);
  else {
    const line = (what: string, calls: readonly string[]) =>
      cli.out.write(`${what.padEnd(11)}${calls.join(', ') || '-'}\n`);
    line('taken', plan.reused);
    line('performed', plan.rerun);
    line('given', plan.overridden);
    writeMessage(cli, 'Nothing was begun. Calls that the new run makes beside these are performed.');
  }
  return exitCodes.done;
}
