/** `troupe serve`, and `troupe start` with the flags and variables of Kimitsu: their options, help and examples. */
import { InvalidArgumentError, type Command } from 'commander';
import { componentNames, type ComponentName } from '../../doors/http/serve/componentNames.ts';
import type { Cli } from '../cli.ts';
import { UsageError } from '../exit.ts';
import type { CommonOptions } from '../options.ts';
import { collect, commandGroup, commonOptions, defineCommand, type CommandContext } from './commandLine.ts';

/** What the flags of both commands give. */
interface ServeFlags extends CommonOptions {
  readonly components?: readonly ComponentName[];
  readonly all?: boolean;
  readonly projectDir?: string;
  readonly workflowDir?: string;
  readonly workspace: readonly string[];
  readonly env?: string;
  readonly config?: string;
  readonly gatewayConfig?: string;
  readonly hubLock?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly orchestratorHost?: string;
  readonly orchestratorPort?: number;
  readonly runtimeHost?: string;
  readonly runtimePort?: number;
  readonly gatewayHost?: string;
  readonly gatewayPort?: number;
  readonly runtimeUrl?: string;
  readonly gatewayUrl?: string;
  readonly orchestratorUrl?: string;
  readonly orchestrator?: string;
  readonly gateway?: string;
  readonly ownUrl?: string;
  readonly token?: string;
  readonly allow: readonly string[];
  readonly storeType?: string;
  readonly dbPath?: string;
  readonly fallbackDb?: string;
  readonly schedules?: boolean;
  readonly deployments?: boolean;
}

/** Adds the commands that serve workflows over HTTP. */
export function addServeCommands(troupe: Command, context: CommandContext): void {
  commonOptions(
    projectFlags(
      defineCommand(
        troupe,
        'serve',
        'serve the workflows of a project over HTTP, until SIGTERM',
        'troupe serve --project-dir news',
        'troupe serve --components orchestrator --runtime-url http://10.0.0.7:5051 --token $TOKEN',
      ),
    ),
  )
    .option('--components <names>', 'orchestrator, runtime and gateway, separated by commas (all)', parseComponents)
    .option('--runtime-url <url>', 'a runtime of another process that does the agent steps')
    .option('--gateway-url <url>', 'a gateway of another process that is asked for models')
    .option('--orchestrator-url <url>', 'the orchestrator that hears the heartbeats of the runtime')
    .option('--gateway-config <file>', 'the gateway file (gateway.yaml of the project)')
    .option('--deployments', 'also serve deployments, at the address of the orchestrator')
    .option('--schedules', 'also start the runs of schedules, as troupe schedules run does')
    .action((flags: ServeFlags) => serve(context, flags, flags.components ?? componentNames));

  const start = commandGroup(troupe, 'start', 'the same as serve, with the flags of Kimitsu', 'troupe start --all');
  projectFlags(start)
    .option('--all', 'the orchestrator, the runtime and the gateway in one process')
    .option('--gateway-config <file>', 'the gateway file (gateway.yaml)')
    .option('--store-type <type>', 'memory or sqlite (KTSU_STORE_TYPE, or memory)')
    .option('--db-path <file>', 'the journal of the store sqlite (KTSU_DB_PATH, or ktsu.db)')
    .action((flags: ServeFlags) => {
      if (!flags.all) return start.help();
      return serve(context, withStore(context.cli, flags), componentNames);
    });
  const one = (name: ComponentName, description: string, example: string): Command =>
    projectFlags(defineCommand(start, name, description, example))
      .option('--runtime-url <url>', 'a runtime of another process (KTSU_RUNTIME_URL)')
      .option('--gateway-url <url>', 'a gateway of another process (KTSU_GATEWAY_URL)')
      .option('--orchestrator <url>', 'the orchestrator (KTSU_ORCHESTRATOR_URL)')
      .option('--gateway <url>', 'the gateway (KTSU_GATEWAY_URL)')
      .option('--config <file>', 'the gateway file (gateway.yaml)')
      .option('--store-type <type>', 'memory or sqlite (KTSU_STORE_TYPE, or memory)')
      .option('--db-path <file>', 'the journal of the store sqlite (KTSU_DB_PATH, or ktsu.db)')
      .action((_flags: ServeFlags, command: Command) =>
        // Flags of the same name belong to the outer command as well.
        serve(context, withPeers(context.cli, withStore(context.cli, command.optsWithGlobals<ServeFlags>())), [name]),
      );
  one('orchestrator', 'the orchestrator alone', 'troupe start orchestrator --runtime-url http://localhost:5051');
  one('runtime', 'the runtime alone', 'troupe start runtime --gateway http://localhost:5052');
  one('gateway', 'the gateway alone', 'troupe start gateway --config gateway.yaml');
}

const projectFlags = (command: Command): Command =>
  command
    .option('--project-dir <folder>', 'the project (KTSU_PROJECT_DIR, TROUPE_PROJECT_DIR, or this folder)')
    .option('--workflow-dir <folder>', 'where its workflows are (workflows in the project)')
    .option('--workspace <folder>', 'a further folder with workflows; may be repeated', collect, [])
    .option('--no-hub-lock', 'without the packages in ktsuhub.lock.yaml')
    .option('--env <file>', 'a file with variables, *.env.yaml')
    .option('--host <host>', 'where the components listen (127.0.0.1)')
    .option('--port <port>', 'where a single component listens; with several, the others follow it', parsePort)
    .option('--orchestrator-host <host>', 'the same for one component')
    .option('--orchestrator-port <port>', 'where the orchestrator listens (5050)', parsePort)
    .option('--runtime-host <host>', 'the same for one component')
    .option('--runtime-port <port>', 'where the runtime listens (5051)', parsePort)
    .option('--gateway-host <host>', 'the same for one component')
    .option('--gateway-port <port>', 'where the gateway listens (5052)', parsePort)
    .option('--own-url <url>', 'where runtimes reach the orchestrator (KTSU_OWN_URL)')
    .option('--token <token>', 'what those who control it must show (TROUPE_HTTP_TOKEN)')
    .option('--allow <host>', 'what webhooks may reach although it is not public; may be repeated', collect, []);

function serve(
  { cli, setExitCode }: CommandContext,
  flags: ServeFlags,
  components: readonly ComponentName[],
): Promise<void> {
  const { env } = cli;
  const variable = (name: string) => env[`TROUPE_${name}`] || env[`KTSU_${name}`] || undefined;
  const address = (name: ComponentName, at: number) => {
    const upper = name.toUpperCase();
    const port =
      flags[`${name}Port`] ??
      (flags.port === undefined ? undefined : flags.port === 0 ? 0 : flags.port + (components.length > 1 ? at : 0)) ??
      portIn(variable(`${upper}_PORT`), `${upper}_PORT`) ??
      5050 + at;
    return { host: flags[`${name}Host`] ?? flags.host ?? variable(`${upper}_HOST`) ?? '127.0.0.1', port };
  };
  const given = <Name extends string>(name: Name, value: string | undefined) =>
    // Only what is known is passed on.
    (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, string>>;
  const { workspace, allow, hubLock } = flags;
  return setExitCode(
    import('../commands/serve.ts').then(({ serveCommand }) =>
      serveCommand(cli, {
        ...flags,
        components,
        workspace,
        allow,
        ...(hubLock === undefined ? {} : { hubLock }),
        projectDir: flags.projectDir ?? variable('PROJECT_DIR') ?? '.',
        addresses: {
          orchestrator: address('orchestrator', 0),
          runtime: address('runtime', 1),
          gateway: address('gateway', 2),
        },
        ...given('ownUrl', flags.ownUrl ?? variable('OWN_URL')),
      }),
    ),
  );
}

/** The store as Kimitsu names it. */
function withStore({ env }: Cli, flags: ServeFlags): ServeFlags {
  if (flags.db !== undefined || env['TROUPE_DB']) return flags;
  const type = flags.storeType ?? env['KTSU_STORE_TYPE'] ?? (flags.dbPath === undefined ? 'memory' : 'sqlite');
  if (type === 'memory' && flags.storeType === undefined && !env['KTSU_STORE_TYPE'])
    return { ...flags, fallbackDb: 'memory' };
  if (type === 'memory') return { ...flags, db: 'memory' };
  if (type === 'sqlite') return { ...flags, db: flags.dbPath ?? env['KTSU_DB_PATH'] ?? 'ktsu.db' };
  throw new UsageError(
    `--store-type is memory or sqlite; got ${JSON.stringify(type)}. Several machines share a journal with troupe serve --nats.`,
  );
}

/** The other components as Kimitsu names them. */
function withPeers({ env }: Cli, flags: ServeFlags): ServeFlags {
  const runtimeUrl = flags.runtimeUrl ?? (env['KTSU_RUNTIME_URL'] || undefined);
  const gatewayUrl = flags.gatewayUrl ?? flags.gateway ?? (env['KTSU_GATEWAY_URL'] || undefined);
  const orchestratorUrl = flags.orchestratorUrl ?? flags.orchestrator ?? (env['KTSU_ORCHESTRATOR_URL'] || undefined);
  return {
    ...flags,
    ...(flags.config === undefined ? {} : { gatewayConfig: flags.config }),
    ...(runtimeUrl === undefined ? {} : { runtimeUrl }),
    ...(gatewayUrl === undefined ? {} : { gatewayUrl }),
    ...(orchestratorUrl === undefined ? {} : { orchestratorUrl }),
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new InvalidArgumentError('Expected a port from 0 to 65535; 0 is a free one.');
}

function portIn(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new UsageError(`The variable ${name} is a port from 0 to 65535; got ${JSON.stringify(text)}.`);
}

function parseComponents(text: string): readonly ComponentName[] {
  const names = text.split(',').map((name) => name.trim());
  const known = componentNames.filter((name) => names.includes(name));
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(`Expected ${componentNames.join(', ')}, separated by commas.`);
}
