/** `troupe run agents.json`: agents from profiles in a JSON file, tasks from the command line, results in the JSON of orchestrators (docs/wire.md). */
import { basename } from 'node:path';
import { slug, slugOf } from '../values/ids.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { isMode } from '../contracts/executionMode.ts';
import { PipelineResult, TaskResult } from '../contracts/taskResult.ts';
import { validateOptions } from '../formats/hardening.ts';
import { readProfiles, type AgentProfile } from '../formats/profiles.ts';
import { writePipeline, writeResult } from '../formats/result.ts';
import type { ProfilesSettings } from '../formats/orchestrator.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';
import { readJsonFile } from './jsonFile.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';
import { writeMessage } from './output/write.ts';

/** The options of `troupe run` for agents in JSON. */
export interface AgentsFileOptions {
  /** The texts of the tasks, `-` for stdin; empty for one task from stdin. */
  readonly task: readonly string[];
  /** The id of the agent that gets every task; chosen by the orchestrator by default. */
  readonly targetAgent?: string;
  /** `auto` by default. */
  readonly executionMode?: string;
  /** `provider:model`; TROUPE_MODEL by default, else the offline model. */
  readonly model?: string;
  /** Instructions instead of those in the file. */
  readonly system?: string;
  /** The path of a JSON file with limits and guardrails. */
  readonly hardening?: string;
}

/** Is it a file of agents in JSON? */
export const isAgentsFile = (path: string): boolean => path.endsWith('.json');

/** The input of a run of these agents, and the settings that an orchestrator is made of besides its file. Throws `UsageError` with every mistake that it finds. */
export async function agentsFileInput(
  cli: Cli,
  path: string,
  options: AgentsFileOptions,
): Promise<{ input: JsonObject; settings: JsonObject }> {
  const { targetAgent, executionMode: mode = 'auto', system } = options;
  const profiles = await profilesIn(cli, path, (id) =>
    writeMessage(cli, `The agent "${id}" is not enabled, and left out.`),
  );
  const target = targetAgent === undefined ? undefined : profiles.find(({ id }) => id === targetAgent)?.id;
  if (targetAgent !== undefined && target === undefined)
    throw new UsageError(
      `--target-agent names "${targetAgent}", and there is no such agent in ${path}. There are: ${profiles.map(({ id }) => id).join(', ')}.`,
    );
  if (!isMode(mode))
    throw new UsageError(
      `--execution-mode expects auto, sequential, concurrent, parallel:N with N from 1 to 1000, or pipeline; got "${mode}".`,
    );
  const texts = await Promise.all((options.task.length > 0 ? options.task : ['-']).map((text) => taskText(cli, text)));
  const model = modelOf(cli, profiles, options);
  const hardening = options.hardening === undefined ? undefined : await hardeningIn(cli, options.hardening);
  const { taskLimits } = await import('../formats/orchestrator.ts');
  const bounds = { ...taskLimits(hardening), ...(target === undefined ? {} : { agentId: slug(target) }) };
  const tasks = texts.map((input) => ({ input, ...bounds }));
  const [only, ...others] = tasks;
  const settings = { target, mode, model, system, hardening } satisfies { [K in keyof ProfilesSettings]: unknown };
  return {
    input: only !== undefined && others.length === 0 ? only : { tasks },
    // Writing it as JSON leaves out what is undefined.
    settings: JSON.parse(JSON.stringify(settings)) as JsonObject,
  };
}

/** Makes the orchestrator of the agents in a file, with the settings of `agentsFileInput`. */
export async function loadAgentsFile(cwd: string, path: string, settings: Json): Promise<LoadedDefinition> {
  const profiles = await profilesIn({ cwd }, path);
  const { orchestratorOfProfiles } = await import('../formats/orchestrator.ts');
  // The settings were written by `agentsFileInput`, in this process or in the one that started the run.
  const subject = orchestratorOfProfiles(orchestratorName(path), profiles, settings as ProfilesSettings);
  const ids = new Map(profiles.map(({ id }) => [slug(id), id]));
  return {
    file: path,
    subject,
    isFromFunction: true,
    exports: {},
    formatOutput: (output, run) => formatted(output, run, ids),
  };
}

/** The name of the file. Throws `UsageError` when it cannot be the name of an orchestrator. */
function orchestratorName(path: string): string {
  const name = basename(path, '.json');
  const { problem } = slugOf(name);
  if (problem === undefined) return name;
  throw new UsageError(
    `${path}: the file gives the orchestrator of its agents its name, and "${name}" cannot be one: ${problem}. Rename the file to letters a-z, digits and ". _ -", such as agents.json.`,
  );
}

async function profilesIn(cli: Pick<Cli, 'cwd'>, path: string, onDisabled: (id: string) => void = () => {}) {
  const { value, locationOf } = await readJsonFile(cli, path);
  const { profiles, disabled, errors } = readProfiles(value);
  if (errors.length > 0)
    throw new UsageError(errors.map(({ path: where, message }) => `${locationOf(where)}: ${message}`).join('\n'));
  disabled.forEach(onDisabled);
  return profiles;
}

async function hardeningIn(cli: Pick<Cli, 'cwd'>, path: string) {
  const { file, value } = await readJsonFile(cli, path);
  const { errors } = validateOptions(value);
  if (errors.length > 0) throw new UsageError(errors.map((error) => `${file}: ${error}`).join('\n'));
  // It was validated above.
  return value as NonNullable<ProfilesSettings['hardening']>;
}

/** `--model`, else TROUPE_MODEL; without either the offline model does the work, and a message says so. */
function modelOf(cli: Cli, profiles: readonly AgentProfile[], { model = cli.env['TROUPE_MODEL'] }: AgentsFileOptions) {
  if (model !== undefined && !/^[^:\s]+:\S+$/.test(model))
    throw new UsageError(`--model expects provider:model, such as anthropic:claude-sonnet-4-5; got "${model}".`);
  if (model === undefined && profiles.some((profile) => profile.model === undefined))
    writeMessage(
      cli,
      'No model is set, so the offline model does the work: it is no LLM, it only extracts. For a real one name it with --model or TROUPE_MODEL,\n' +
        'such as --model anthropic:claude-sonnet-4-5 with ANTHROPIC_API_KEY, or openai:gpt-5-mini with OPENAI_API_KEY.',
    );
  return model;
}

async function taskText(cli: Cli, option: string): Promise<string> {
  const isStdin = option === '-';
  if (isStdin && cli.isInteractive) writeMessage(cli, 'Type the task, then press Ctrl-D.');
  const text = isStdin ? await cli.readAll() : option;
  if (text.trim() !== '') return text;
  throw new UsageError(
    `The task is blank. Say what is to be done: --task "…"${isStdin ? ', or as text on stdin' : ''}.`,
  );
}

/** The output in the JSON of orchestrators: one result, a list of results, or that of a pipeline. Agents have the ids of the file again. */
function formatted(output: Json, run: string, ids: ReadonlyMap<string, string>): Json {
  const idOf = (member: string) => ids.get(member) ?? member;
  const format = ({ metadata, ...result }: TaskResult) => {
    const { routing } = metadata;
    const routed = routing ? { ...metadata, routing: { ...routing, selected: idOf(routing.selected) } } : metadata;
    return writeResult({ ...result, agentId: idOf(result.agentId), metadata: routed }, run);
  };
  if (Array.isArray(output)) return output.map((each) => format(TaskResult.parse(each)));
  const pipeline = PipelineResult.safeParse(output);
  if (!pipeline.success) return output === null ? null : format(TaskResult.parse(output));
  return { ...writePipeline(pipeline.data, run), task_results: pipeline.data.taskResults.map(format) };
}
