/** Opens what was asked for of an orchestrator, a runtime and a gateway, each at an address of its own. */
import { remoteAgentStepActor } from '../../../../actors/workflow/remoteAgentStep.ts';
import { breaker } from '../../../../actors/gateway.ts';
import type { ModelGateway } from '../../../../actors/tools.ts';
import { gateway as openGateway } from '../../../gateway/gateway.ts';
import { groupGateway, type GroupGateway } from '../../../gateway/groups/groupGateway.ts';
import { remoteStepOptions } from '../../../runtime/workflowActors.ts';
import { disposables } from '../../../runtime/disposables.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from '../../../runtime/runtime.ts';
import type { Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';
import { loadProject, projectGateway, type ProjectOptions } from '../../../workflow/files/project/project.ts';
import { problemText } from '../../../workflow/files/problem.ts';
import { httpDoor, type HttpDoor, type HttpDoorOptions } from '../base/door.ts';
import type { HttpRoute } from '../base/route.ts';
import { gatewayClient } from '../clients/gatewayClient.ts';
import { peerProbe } from '../clients/probe.ts';
import { runtimeClient } from '../clients/runtimeClient.ts';
import { deploymentRoutes } from '../deployments/routes.ts';
import type { DeploymentService } from '../deployments/service.ts';
import { longestModelCall } from '../contracts/modelRequest.ts';
import { gatewayRoutes } from '../gateway.ts';
import { orchestratorRoutes } from '../orchestrator/routes.ts';
import type { OrchestratorService } from '../orchestrator/service.ts';
import { runtimeRoutes } from '../runtime.ts';
import type { ComponentName } from './componentNames.ts';
import { gatewayService } from './gatewayService.ts';
import { orchestratorService } from './orchestratorService.ts';
import { projectFiles } from './projectFiles.ts';
import { remoteGateway } from './remoteGateway.ts';
import { remoteRuntimes } from './remoteRuntimes.ts';
import { runtimeService } from './runtimeService.ts';

/** Where a component listens. */
export interface ComponentAddress {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

/** What is served, where, and how the components find each other. */
export interface ServeOptions {
  /** Which components, and where each of them listens. */
  readonly components: Readonly<Partial<Record<ComponentName, ComponentAddress>>>;
  readonly project: ProjectOptions;
  /** How the orchestrator's runtime is opened: its journal above all. */
  readonly runtime: RuntimeOptions;
  /** Opens it; `openRuntime` by default. */
  readonly open?: (options: RuntimeOptions) => Promise<Runtime>;
  readonly clock: Clock;
  /** A runtime of another process that does the agent steps; by default the orchestrator does them itself. */
  readonly runtimeUrl?: string | undefined;
  /** A gateway of another process that is asked for models; by default the gateway file of the project is used. */
  readonly gatewayUrl?: string | undefined;
  /** The orchestrator that hears the heartbeats of the runtime, beside those that give it work. */
  readonly orchestratorUrl?: string | undefined;
  /** Where runtimes reach the orchestrator; where it listens by default. */
  readonly ownUrl?: string | undefined;
  /** Needed by those who control a component, and shown by the components to each other; at least 16 characters, none by default. */
  readonly token?: string | undefined;
  /** Signs what allows a runtime to end a step: the same after a restart. At least 16 characters. */
  readonly secret: string;
  /** What webhooks may reach although it is not public; `TROUPE_EGRESS_ALLOW` by default. */
  readonly allow?: readonly string[] | undefined;
  /** Serves deployments at the door of the orchestrator, with runs in its runtime; not served by default. */
  readonly deployments?: ((runtime: Runtime) => Promise<DeploymentService>) | undefined;
  /** Told what people should know. */
  readonly say: (message: string) => void;
}

/** Open components. Disposing them closes their doors, lets requests finish, and releases the runs. */
export interface ServedComponents extends AsyncDisposable {
  /** The URL of each component that is served. */
  readonly urls: Readonly<Partial<Record<ComponentName, string>>>;
}

/** Opens components. Rejects with what is wrong with the project's gateway file, or with an address. */
export async function serveComponents(options: ServeOptions): Promise<ServedComponents> {
  const { components, clock, token, say, gatewayUrl, runtimeUrl } = options;
  const opened = disposables();
  const urls: Partial<Record<ComponentName, string>> = {};
  const client = token === undefined ? {} : { token };
  const elsewhere = gatewayUrl === undefined ? undefined : remoteGateway(gatewayClient(gatewayUrl, client), clock);
  const openDoor = async (
    name: ComponentName,
    routes: readonly HttpRoute[],
    more: Pick<HttpDoorOptions, 'idleTimeout'> = {},
  ): Promise<HttpDoor> => {
    const { host, port } = components[name] ?? { host: '127.0.0.1', port: 0 };
    const door = opened.use(await httpDoor({ host, port, routes, clock, title: `Troupe ${name}`, ...client, ...more }));
    urls[name] = door.url;
    return door;
  };
  try {
    // Models are asked by whoever does agent steps: a runtime, or an orchestrator without one.
    const agentsHere = components.runtime ?? (runtimeUrl === undefined ? components.orchestrator : undefined);
    const needsGroups = components.gateway ?? (gatewayUrl === undefined ? agentsHere : undefined);
    const groups = needsGroups && (await projectGroups(options));
    if (components.gateway) {
      if (!groups)
        throw new TroupeError('definition', `The gateway needs a gateway.yaml in ${options.project.projectDir}.`);
      await openDoor('gateway', gatewayRoutes(gatewayService(groups)), { idleTimeout: longestModelCall });
    }
    if (components.runtime) {
      const gateway = elsewhere ?? groups ?? ownGateway(options);
      const { orchestratorUrl } = options;
      const runtime = opened.use(await runtimeService({ gateway, clock, orchestratorUrl, token, warn: say }));
      await openDoor('runtime', runtimeRoutes(runtime));
    }
    if (components.orchestrator) await openOrchestrator();
    return { urls, [Symbol.asyncDispose]: () => opened.close() };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }

  async function openOrchestrator(): Promise<void> {
    const { open = openRuntime, secret, ownUrl } = options;
    let at = ownUrl;
    const remote =
      runtimeUrl === undefined
        ? undefined
        : remoteRuntimes({
            client: runtimeClient(runtimeUrl, client),
            journal: () => runtime.journal,
            clock,
            ownUrl: () => at ?? '',
            secret,
          });
    const files = projectFiles({
      ...options.project,
      allow: options.allow,
      warn: say,
      clock,
      gateway: elsewhere,
      ...(remote
        ? {
            agentStep: (secrets) => ({
              machine: remoteAgentStepActor({ remote, secrets }),
              options: remoteStepOptions,
            }),
          }
        : {}),
    });
    const runtime = opened.use(await open({ ...options.runtime, clock }));
    const here = async () => 'ok' as const;
    const peers: OrchestratorService['peers'] = {
      ...(runtimeUrl !== undefined
        ? { runtime: peerProbe(runtimeUrl, client) }
        : components.runtime
          ? { runtime: here }
          : {}),
      ...(gatewayUrl !== undefined
        ? { gateway: peerProbe(gatewayUrl, client) }
        : components.gateway
          ? { gateway: here }
          : {}),
    };
    const service = orchestratorService({ runtime, files, clock, peers, messages: remote, warn: say });
    const deployed = await options.deployments?.(runtime);
    const door = await openDoor('orchestrator', [
      ...orchestratorRoutes(service, clock),
      ...(deployed ? deploymentRoutes(deployed, clock) : []),
    ]);
    at ??= door.url;
    const resumed = await service.resumeAll();
    if (resumed > 0) say(`${resumed} ${resumed === 1 ? 'run goes' : 'runs go'} on.`);
    const resuming = service.keepResuming();
    opened.use({ [Symbol.asyncDispose]: async () => resuming[Symbol.dispose]() });
  }
}

/** The model groups of the project's gateway file; undefined when it has none. */
async function projectGroups({ project, clock, say }: ServeOptions): Promise<GroupGateway | undefined> {
  const loaded = await loadProject(project);
  const problems = loaded.gateway?.problems.filter(({ severity }) => severity === 'error') ?? [];
  if (problems.length > 0)
    throw new TroupeError(
      'definition',
      `The gateway file cannot be used:\n${problems.map((each) => `  ${problemText(each)}`).join('\n')}`,
    );
  const file = projectGateway(loaded);
  return file && groupGateway(file, { clock, env: loaded.env, breaker: () => breaker(), onWarning: say });
}

/** The models that the environment has keys for. */
const ownGateway = ({ clock, project }: ServeOptions): ModelGateway =>
  openGateway({ clock, env: project.env, breaker: () => breaker() });
