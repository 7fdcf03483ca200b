/** Deployments behind HTTP: runs of versions in a runtime, with the code that was deployed. */
import type { DeployedRunView, DeploymentService } from '../doors/http/deployments/service.ts';
import { deploymentName } from '../deployments/names.ts';
import type { ActorRow } from '../journal/journal.ts';
import { outcomeOf } from '../runtime/outcome.ts';
import type { RunHandle, Runtime } from '../runtime/runtime.ts';
import { sleep } from '../values/clock.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import type { Cli } from './cli.ts';
import { versionJson } from './commands/deployments.ts';
import { deploymentPlace, type DeploymentPlaceOptions } from './deploymentPlace.ts';
import { loadPinned } from './pinnedDefinition.ts';
import { runOriginOf } from './runRows.ts';
import { metaOf, startOfVersion } from './versionStart.ts';
import { noInputOf } from './noInput.ts';

/** Milliseconds between two looks at a run that another process carries. */
const lookAgain = 250;

/** The service. Runs that were begun over HTTP go on when it is opened again. */
export async function deploymentService(
  cli: Cli,
  runtime: Runtime,
  options: DeploymentPlaceOptions,
  say: (line: string) => void,
): Promise<DeploymentService> {
  const place = deploymentPlace(cli, options);
  const { deployments } = place;
  const ends = new Map<string, Promise<unknown>>();
  const rootOf = async (run: string) => (await runtime.journal.find({ run, parent: null, limit: 1 }))[0];
  const follow = ({ id, outcome }: RunHandle) => {
    const ended = outcome()
      .catch(() => undefined)
      .finally(() => ends.delete(id));
    ends.set(id, ended);
  };
  const versions = async (name: string) => {
    // What cannot be a name is the name of nothing.
    const all = await deployments.list();
    return all.filter((each) => each.name === name);
  };
  const run = async (id: string): Promise<DeployedRunView | undefined> => {
    const root = await rootOf(id).catch(() => undefined);
    return root && viewOf(root);
  };

  await resumeAll();
  return {
    async list(name) {
      const found = name === undefined ? await deployments.list() : await versions(name);
      return name !== undefined && found.length === 0 ? undefined : found.map(versionJson);
    },
    async invoke({ name, version, tag, input: given, key }) {
      const before = key === undefined ? undefined : await rootOf(key);
      const begun = before && runOriginOf(before).deployment?.version;
      const chosen = version ?? (tag === undefined ? begun : undefined);
      const view = await deployments.get(deploymentName(name), { version: chosen, tag });
      const { input, settings } = startOfVersion(view, given);
      const { subject } = await loadPinned(place, view, settings);
      const handle = await runtime.start(subject, input ?? noInputOf(subject), {
        meta: { ...metaOf(view, settings), http: true },
        ...(key === undefined ? {} : { key }),
      });
      follow(handle);
      const started = { run_id: handle.id, deployment: view.name, version: view.version, status: 'running' } as const;
      return { run: (await run(handle.id)) ?? started, existed: before !== undefined };
    },
    run,
    async ended(id, signal) {
      for (;;) {
        const view = await run(id);
        if (view?.status !== 'running') return view;
        const end = ends.get(id);
        await Promise.race([end ?? sleep(cli.clock, lookAgain, signal), fired(signal)]);
        if (signal.aborted) throw new TroupeError('cancelled', 'Nobody waits any longer.');
      }
    },
  };

  /** Those that a process which was stopped or killed has left. */
  async function resumeAll(): Promise<void> {
    const active = await runtime.journal.find({ parent: null, status: 'active', limit: 100_000 });
    for (const root of active) {
      const { deployment, args } = runOriginOf(root);
      if (!deployment || propertiesOf(propertiesOf(root.meta)['about'])['http'] !== true) continue;
      try {
        const { subject } = await loadPinned(place, deployment, args);
        follow(await runtime.resume(root.run, subject));
      } catch (thrown) {
        const { kind, message } = toFailure(thrown);
        if (kind !== 'owned_elsewhere') say(`The run ${root.run} is not gone on with: ${message}`);
      }
    }
  }
}

/** The run as its caller sees it; undefined for a run of no deployment. */
function viewOf(root: ActorRow): DeployedRunView | undefined {
  const { deployment } = runOriginOf(root);
  if (!deployment) return undefined;
  const view = { run_id: root.run, deployment: deployment.name, version: deployment.version };
  const outcome = outcomeOf(root);
  switch (outcome?.status) {
    case undefined:
      return { ...view, status: 'running' };
    case 'done':
      return { ...view, status: 'done', output: outcome.output };
    case 'failed':
      return { ...view, status: 'failed', error: outcome.failure.message };
    case 'cancelled':
      return { ...view, status: 'cancelled', error: outcome.reason };
  }
}

const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
