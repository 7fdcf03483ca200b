/** `troupe run`: loads a definition, starts a run of it or joins one, and follows it. */
import { toFailure } from '../../values/failure.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Cli } from '../cli.ts';
import { joined } from '../../runtime/attach.ts';
import { agentsInput, isAgentsFile, type AgentsOptions } from '../agentsFile.ts';
import { drive } from '../follow.ts';
import { messageOf, UsageError } from '../exit.ts';
import { inputFrom } from '../input.ts';
import { load } from '../load.ts';
import { runtimeOptions, type RunShared } from '../options.ts';
import { say } from '../output/write.ts';

/** The options of `troupe run`. */
export interface RunOptions extends RunShared, AgentsOptions {
  /** The input, as `inputFrom` reads it. */
  readonly input?: string;
  /** Properties of the input, as `key=value`. */
  readonly set: readonly string[];
  /** The id of the run: joins the run if it exists; a new one by default. */
  readonly key?: string;
  /** Milliseconds until the run must have ended; no limit by default. */
  readonly deadline?: number;
}

/** Runs a file. Resolves to the exit code. */
export async function run(cli: Cli, path: string, options: RunOptions): Promise<number> {
  const { key, deadline } = options;
  requireOptionsFor(path, options);
  const { input, settings } = isAgentsFile(path)
    ? await agentsInput(cli, path, options)
    : await inputFrom(cli, options.input, options.set);
  const loaded = await load(cli.cwd, path, settings);
  const { file, subject, made } = loaded;
  if (!made && options.set.length > 0 && typeof input !== 'object') {
    throw new UsageError(
      `--set puts a property into the input, so --input must be a JSON object; it is ${JSON.stringify(input)}.`,
    );
  }
  // `runs resume` needs this to load the same definition again.
  const meta: JsonObject = { file, ...(made ? { args: settings } : {}) };
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const begin = () =>
    runtime
      .start(subject, input ?? {}, {
        meta,
        ...(key === undefined ? {} : { key }),
        ...(deadline === undefined ? {} : { deadline }),
      })
      .catch((thrown: unknown) => {
        const misses = input === undefined && ['invalid', 'unknown_message'].includes(toFailure(thrown).kind);
        throw misses
          ? new UsageError(`${messageOf(thrown)} Give it an input with --input.`, { cause: thrown })
          : thrown;
      });
  // If another process holds the run, its end is waited for, as in run().
  const join = (signal: AbortSignal) =>
    joined(begin, cli.clock, {
      signal,
      waiting: () =>
        say(
          cli,
          `Another process is at work on the run ${key}; waiting for it. Press Ctrl-C to stop waiting; the run goes on.`,
        ),
    });
  return await drive(cli, runtime, loaded, key === undefined ? begin : join, options);
}

/** Agents in JSON take tasks, every other definition takes an input. Throws `UsageError` for an option that would be ignored. */
function requireOptionsFor(path: string, options: RunOptions): void {
  const { input, set, task, targetAgent, executionMode, model, system, hardening } = options;
  const forAgents = {
    '--task': task[0],
    '--target-agent': targetAgent,
    '--execution-mode': executionMode,
    '--model': model,
    '--system': system,
    '--hardening': hardening,
  };
  const forOthers = { '--input': input, '--set': set[0] };
  const stray = Object.entries(isAgentsFile(path) ? forOthers : forAgents).find(
    ([, value]) => value !== undefined,
  )?.[0];
  if (stray === undefined) return;
  throw new UsageError(
    isAgentsFile(path)
      ? `${stray} is for definitions in TypeScript or JavaScript; agents in JSON are given --task.`
      : `${stray} is for agents in a .json file; ${path} is given --input.`,
  );
}
