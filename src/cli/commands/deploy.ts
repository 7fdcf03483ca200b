/** `troupe deploy`: keeps the code of a definition as a new version of a deployment. */
import { resolve } from 'node:path';
import { defaultTag, deploymentName, requireTag } from '../../deployments/names.ts';
import type { JsonObject } from '../../values/json.ts';
import { isAgentsFile } from '../agentsFile.ts';
import type { Cli } from '../cli.ts';
import { deploymentPlace } from '../deploymentPlace.ts';
import { deployVersion, workflowProject } from '../deployVersion.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { readRunInput, type GivenInput } from '../input.ts';
import { loadDefinition } from '../load.ts';
import { natsOptionsOf } from '../options.ts';
import { journalOption } from '../output/shellWord.ts';
import { writeJson, writeMessage } from '../output/write.ts';
import { requireNoSecret } from '../secretInput.ts';
import { isWorkflowFile, workflowSettings, type WorkflowFileOptions } from '../workflowFile.ts';
import { versionJson, type DeploymentOptions } from './deployments.ts';

/** The options of `troupe deploy`. */
export interface DeployCommandOptions extends DeploymentOptions, WorkflowFileOptions {
  /** The name of the deployment; that of the definition by default. */
  readonly name?: string;
  /** The input where `invoke` is given none, as `readRunInput` reads it. */
  readonly input?: string;
  /** Properties of that input, as `key=value`. */
  readonly set: readonly string[];
  /** Tags for the new version. */
  readonly tag: readonly string[];
  /** Whether these tags are on one version only, so that they move here; false by default. */
  readonly exclusive?: boolean;
}

/** Deploys a file. Resolves to the exit code. */
export async function deployCommand(cli: Cli, path: string, options: DeployCommandOptions): Promise<number> {
  const tags = options.tag.map((tag) => ({ tag: requireTag(tag), exclusive: options.exclusive ?? false }));
  if (options.exclusive && tags.length === 0)
    throw new UsageError('--exclusive says how a tag is put on the version: name one with --tag.');
  if (options.name !== undefined) deploymentName(options.name);
  const { input, settings: given } = await storedInput(cli, path, options);
  requireNoSecret(cli, { input: input ?? null, given });
  const settings = settingsFor(cli, path, options, given);
  // The file itself comes first: what is wrong in it is told with its place.
  const { file, subject, isFromFunction } = await loadDefinition(cli.cwd, path, settings);
  const name = deploymentName(options.name ?? subject.name);
  const place = deploymentPlace(cli, options);
  const project = await workflowProject(
    file,
    options.projectDir === undefined ? undefined : resolve(cli.cwd, options.projectDir),
  );
  const { deployed, warnings } = await deployVersion(place, {
    name,
    path,
    file,
    subject,
    project,
    createdAt: cli.clock.now(),
    defaults: input,
    settings: isFromFunction ? settings : undefined,
    loadedWith: settings,
    tags,
  });
  if (options.json) writeJson(cli.out, versionJson(deployed));
  else cli.out.write(`${name}@${deployed.version}\n`);
  for (const warning of warnings) writeMessage(cli, warning);
  const isDefault = deployed.exclusive.includes(defaultTag);
  // Beside a server a name alone is what nodes offer.
  const isPlain = isDefault && natsOptionsOf(cli, options) === undefined;
  writeMessage(
    cli,
    `Deployed version ${deployed.version} of "${name}"${isDefault ? ', the default' : ''}. Run it with: troupe invoke ${name}${isPlain ? '' : isDefault ? ` --tag ${defaultTag}` : ` --version ${deployed.version}`}${journalOption(options)}`,
  );
  return exitCodes.done;
}

/** The default input. For agents in JSON, `--set` is about their orchestrator, and not about its tasks. */
async function storedInput(cli: Cli, path: string, { input, set }: DeployCommandOptions): Promise<GivenInput> {
  if (!isAgentsFile(path)) return readRunInput(cli, input, set);
  const [tasks, { settings }] = [await readRunInput(cli, input, []), await readRunInput(cli, undefined, set)];
  return { input: tasks.input, settings };
}

/** What the file is loaded with, now and whenever the version is run. */
function settingsFor(cli: Cli, path: string, options: DeployCommandOptions, given: JsonObject): JsonObject {
  const forWorkflow = workflowSettings(cli.cwd, path, options);
  if (isWorkflowFile(path)) return forWorkflow;
  const model = cli.env['TROUPE_MODEL'];
  return isAgentsFile(path) ? { mode: 'auto', ...(model ? { model } : {}), ...given } : given;
}
