/** `troupe run`: loads a definition, starts a run of it or joins one, and follows it. */
import { resolve } from 'node:path';
import { requireId } from '../../values/ids.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import type { Cli } from '../cli.ts';
import { guardedDefinition } from '../../define/anyMember.ts';
import type { Runnable } from '../../define/runnable.ts';
import { agentsFileInput, isAgentsFile, type AgentsFileOptions } from '../agentsFile.ts';
import { UsageError } from '../exit.ts';
import { readRunInput } from '../input.ts';
import { loadDefinition } from '../load.ts';
import { runtimeOptions, type FollowOptions } from '../options.ts';
import { requireKeyToRetry, startAndFollow } from '../startRun.ts';
import { isWorkflowFile, workflowSettings, type WorkflowFileOptions } from '../workflowFile.ts';
import { inputHint, noInputOf } from '../noInput.ts';

/** The options of `troupe run`. */
export interface RunCommandOptions extends FollowOptions, AgentsFileOptions, WorkflowFileOptions {
  /** The input, as `readRunInput` reads it. */
  readonly input?: string;
  /** Paths of images, audio and files beside the input. */
  readonly file: readonly string[];
  /** Properties of the input, as `key=value`. */
  readonly set: readonly string[];
  /** The id of the run: joins the run if it exists; a new one by default. */
  readonly key?: string;
  /** When the run of the key has failed, goes on from the step that failed; false by default. */
  readonly retry?: boolean;
  /** Milliseconds until the run must have ended; no limit by default. */
  readonly deadline?: number;
}

/** Runs a file. Resolves to the exit code. */
export async function runCommand(cli: Cli, path: string, options: RunCommandOptions): Promise<number> {
  const { key, deadline, retry } = options;
  requireKeyToRetry(options);
  requireOptionsFor(path, options);
  const given = workflowSettings(cli.cwd, path, options);
  const { input, settings: own } = isAgentsFile(path)
    ? await agentsFileInput(cli, path, options)
    : await readRunInput(cli, options.input, options.set);
  const settings = isWorkflowFile(path) ? given : own;
  const loaded = await loadDefinition(cli.cwd, path, settings);
  const { file, subject, isFromFunction } = loaded;
  if ((!isFromFunction || subject.kind === 'workflow') && options.set.length > 0 && typeof input !== 'object') {
    throw new UsageError(
      `--set puts a property into the input, so --input must be a JSON object; it is ${JSON.stringify(input)}.`,
    );
  }
  if (key !== undefined) requireId('A run key', key);
  // `runs resume` needs this to load the same definition again.
  const meta: JsonObject = { file, ...(isFromFunction ? { args: settings } : {}) };
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const start = {
    meta,
    ...(key === undefined ? {} : { key }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(retry ? { retry } : {}),
  };
  return await startAndFollow(
    cli,
    runtime,
    {
      loaded,
      input: withFiles(cli, subject, input, options.file),
      start,
      ...(input === undefined ? { inputHint } : {}),
    },
    options,
  );
}

/** The input with the files as its parts. */
function withFiles(
  { cwd }: Pick<Cli, 'cwd'>,
  subject: Runnable,
  input: Json | undefined,
  files: readonly string[],
): unknown {
  if (files.length === 0) return input ?? noInputOf(subject);
  const parts = files.map((path) => ({ type: 'file', path: resolve(cwd, path) }));
  if (subject.kind === 'guarded') return withFiles({ cwd }, guardedDefinition(subject), input, files);
  // It takes no parts, and says so.
  if (subject.kind === 'machine') return { parts };
  if (subject.kind === 'workflow')
    throw new UsageError('--file gives a model a file, and a workflow takes parameters: name the file in --input.');
  if (subject.kind === 'team') return { ...(input === undefined ? {} : { body: input }), parts };
  if (isJsonObject(input)) return { ...input, parts };
  return { parts: [...(input === undefined ? [] : [{ type: 'text', text: textOfInput(input) }]), ...parts] };
}

const textOfInput = (input: Json): string => (typeof input === 'string' ? input : JSON.stringify(input));

/** Agents in JSON take tasks, every other definition takes an input. Throws `UsageError` for an option that would be ignored. */
function requireOptionsFor(path: string, options: RunCommandOptions): void {
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
