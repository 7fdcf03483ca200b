/** The scheduler of the command line: the schedules beside a journal, and their runs in it, with the code of their versions. */
import { scheduler, type ScheduledRuns, type Scheduler } from '../deployments/schedules/scheduler.ts';
import type { RunHandle, Runtime } from '../runtime/runtime.ts';
import type { Cli } from './cli.ts';
import { controlSignal } from '../client/controlSignal.ts';
import { deploymentPlace, type DeploymentPlace, type DeploymentPlaceOptions } from './deploymentPlace.ts';
import { loadPinned } from './pinnedDefinition.ts';
import { metaOf, startOfVersion } from './versionStart.ts';
import { noInputOf } from './noInput.ts';

/** A scheduler whose runs this process carries. */
export interface RunningScheduler extends Scheduler {
  /** Releases its runs, which another process goes on with. Effects under way get `grace` milliseconds to finish. */
  park(grace: number): Promise<void>;
}

/** The scheduler of the schedules beside the journal of this runtime. */
export function schedulerOn(
  cli: Cli,
  runtime: Runtime,
  options: DeploymentPlaceOptions,
  {
    say,
    returnWhenWaiting,
  }: {
    /** Told what is started, and what cannot be. */
    readonly say: (line: string) => void;
    /** Whether it is done with a run that waits for a person; else it keeps it. */
    readonly returnWhenWaiting: boolean;
  },
): RunningScheduler {
  const { store, deployments, bundles } = deploymentPlace(cli, options);
  const handles = new Map<string, RunHandle>();
  const runs = runsOf(cli, runtime, { bundles }, handles, returnWhenWaiting);
  return {
    ...scheduler({ store, deployments, runs, clock: cli.clock, say }),
    async park(grace) {
      await Promise.all([...handles.values()].map((handle) => handle.park(grace)));
    },
  };
}

function runsOf(
  { clock }: Pick<Cli, 'clock'>,
  runtime: Runtime,
  place: Pick<DeploymentPlace, 'bundles'>,
  handles: Map<string, RunHandle>,
  returnWhenWaiting: boolean,
): ScheduledRuns {
  const rootOf = async (run: string) => (await runtime.journal.find({ run, parent: null, limit: 1 }))[0];
  return {
    async state(run) {
      const root = await rootOf(run);
      if (!root) return 'unknown';
      if (root.status !== 'active') {
        handles.delete(run);
        return 'ended';
      }
      const [lease] = await runtime.journal.claims({ run });
      const [expired] = await runtime.journal.claims({ run, expiredAt: clock.now() });
      return lease !== undefined && expired === undefined ? 'held' : 'loose';
    },
    async start(version, given, key) {
      const { input, settings } = startOfVersion(version, given);
      const { subject } = await loadPinned(place, version, settings);
      const handle = await runtime.start(subject, input ?? noInputOf(subject), {
        key,
        meta: metaOf(version, settings),
      });
      handles.set(key, handle);
      // One that waits is parked with the others at the end.
      return { ended: handle.outcome({ returnWhenWaiting }) };
    },
    async cancel(run) {
      const root = await rootOf(run);
      if (root?.status !== 'active') return;
      const reason = 'The next run of its schedule is due.';
      await runtime.signal(root.actor, controlSignal(root, 'cancel', { reason }));
    },
  };
}
