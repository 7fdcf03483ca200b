/** `troupe serve` and `troupe start`: the workflows of a project over HTTP, until SIGTERM or Ctrl-C. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ComponentName } from '../../doors/http/serve/componentNames.ts';
import { serveComponents, type ComponentAddress } from '../../doors/http/serve/components.ts';
import { validateProject } from '../../workflow/files/report/validate.ts';
import { problemText } from '../../workflow/files/problem.ts';
import { loadProject, type ProjectOptions } from '../../workflow/files/project/project.ts';
import type { Cli } from '../cli.ts';
import { cliErrorMessage, exitCodes } from '../exit.ts';
import { runtimeOptions, type CommonOptions } from '../options.ts';
import { formatTime, writeMessage } from '../output/write.ts';
import { requireProjectPaths } from '../workflowProject.ts';
import { carrySchedules } from './schedulesRun.ts';

/** The options of `troupe serve`. */
export interface ServeCommandOptions extends CommonOptions {
  readonly components: readonly ComponentName[];
  readonly projectDir: string;
  readonly workflowDir?: string;
  readonly workspace: readonly string[];
  /** A `*.env.yaml`. */
  readonly env?: string;
  readonly gatewayConfig?: string;
  readonly hubLock?: boolean;
  readonly addresses: Readonly<Record<ComponentName, ComponentAddress>>;
  readonly runtimeUrl?: string;
  readonly gatewayUrl?: string;
  readonly orchestratorUrl?: string;
  readonly ownUrl?: string;
  readonly token?: string;
  readonly allow: readonly string[];
  /** The journal where neither a flag, a variable nor the environment file says one; that of `--db` by default. */
  readonly fallbackDb?: string;
  /** Whether deployments are served at the door of the orchestrator; false by default. */
  readonly deployments?: boolean;
  /** Whether the runs of schedules are started as well; false by default. */
  readonly schedules?: boolean;
}

/** Serves until it is interrupted. What was asked for is answered before it ends. */
export async function serveCommand(cli: Cli, given: ServeCommandOptions): Promise<number> {
  await requireProjectPaths(projectOptions(cli, given));
  const options = await withState(cli, given);
  const stopped = new Promise<void>((done) => {
    const listening = cli.onInterrupt(() => (listening[Symbol.dispose](), done()));
  });
  const say = (line: string) => writeMessage(cli, `${formatTime(cli.clock.now())} ${line}`);
  const project = projectOptions(cli, options);
  if (options.components.some((name) => name !== 'runtime')) await report(project, say);
  const { components, addresses, runtimeUrl, gatewayUrl, orchestratorUrl, ownUrl, allow } = options;
  const token = options.token ?? (cli.env['TROUPE_HTTP_TOKEN'] || undefined);
  const served = await serveComponents({
    components: Object.fromEntries(components.map((name) => [name, addresses[name]])),
    project,
    runtime: runtimeOptions(cli, options),
    open: (opened) => cli.open(opened),
    clock: cli.clock,
    runtimeUrl,
    gatewayUrl,
    orchestratorUrl,
    ownUrl,
    token,
    secret: runtimeUrl === undefined ? randomBytes(32).toString('hex') : await dispatchSecret(cli, options),
    ...(allow.length > 0 ? { allow } : {}),
    ...(options.deployments
      ? {
          deployments: async (runtime) =>
            (await import('../deploymentService.ts')).deploymentService(cli, runtime, options, say),
        }
      : {}),
    say,
  });
  for (const [name, url] of Object.entries(served.urls)) say(`The ${name} is at ${url}`);
  const stopping = new AbortController();
  const carrying = options.schedules
    ? carrySchedules(cli, options, say, stopping.signal).catch((thrown: unknown) =>
        say(`Schedules are not looked at any more: ${cliErrorMessage(thrown)}`),
      )
    : undefined;
  await stopped;
  stopping.abort();
  say('Stopping: requests under way are answered. Press Ctrl-C again to exit at once, which is safe too.');
  using _ = cli.onInterrupt(() => cli.exitNow(exitCodes.interrupted));
  await Promise.all([carrying, served[Symbol.asyncDispose]()]);
  return exitCodes.done;
}

/** With the journal that the `state` of the environment file names, unless the command line or a variable names one. */
async function withState(cli: Cli, options: ServeCommandOptions): Promise<ServeCommandOptions> {
  const { env, db = cli.env['TROUPE_DB'], nats = cli.env['TROUPE_NATS'], fallbackDb } = options;
  if (db || nats) return options;
  const { environment } = env === undefined ? {} : await loadProject(projectOptions(cli, options));
  const dsn = environment?.value?.state?.dsn;
  const stated = dsn == null ? fallbackDb : String(dsn);
  return stated === undefined ? options : { ...options, db: stated };
}

function projectOptions(cli: Cli, options: ServeCommandOptions): ProjectOptions {
  const at = (path: string) => resolve(cli.cwd, path);
  const { workflowDir, workspace, env, gatewayConfig, hubLock } = options;
  return {
    projectDir: at(options.projectDir),
    workspaces: workspace.map(at),
    env: cli.env,
    ...(workflowDir === undefined ? {} : { workflowDir: at(workflowDir) }),
    ...(env === undefined ? {} : { envFile: at(env) }),
    ...(gatewayConfig === undefined ? {} : { gatewayFile: at(gatewayConfig) }),
    ...(hubLock === undefined ? {} : { hubLock }),
  };
}

/** Says what is wrong in the project. A file with an error is not served, and the others are. */
async function report(project: ProjectOptions, say: (line: string) => void): Promise<void> {
  const { files, errors } = await validateProject(await loadProject(project));
  const workflows = files.filter(({ group }) => group === 'Workflows').length;
  say(
    `${workflows} ${workflows === 1 ? 'workflow' : 'workflows'} in ${project.projectDir}; ${errors === 0 ? 'no errors' : `${errors} errors`}.`,
  );
  for (const { problems } of files)
    for (const problem of problems.filter(({ severity }) => severity === 'error')) say(problemText(problem));
}

/** What signs the tokens of dispatches: kept beside the journal, so that a restart knows those of before. */
async function dispatchSecret(
  cli: Cli,
  { db = cli.env['TROUPE_DB'] ?? '.troupe/troupe.db' }: CommonOptions,
): Promise<string> {
  const given = cli.env['TROUPE_DISPATCH_SECRET'];
  if (given) return given;
  const fresh = randomBytes(32).toString('hex');
  if (db === 'memory') return fresh;
  const file = join(dirname(resolve(cli.cwd, db)), 'dispatch.secret');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept.trim() !== '') return kept.trim();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, fresh, { mode: 0o600 });
  return fresh;
}
