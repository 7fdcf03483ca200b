/** Goes on with runs that no process has: those of this one before it was started anew, and those of others that are gone. */
import { toFailure } from '../../../values/failure.ts';
import type { Clock } from '../../../values/clock.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import type { FollowedRuns } from './followedRuns.ts';
import type { ProjectFiles } from './projectFiles.ts';

/** Milliseconds between two looks at what other processes have left behind. */
const adoptEvery = 10_000;

/** What adopts runs. */
export interface AdoptedRuns {
  /** Goes on with every run that is under way and that no other process has. Returns how many there are. What cannot go on is told once. */
  resumeAll(): Promise<number>;
  /** Does so again every ten seconds, until it is disposed. */
  keepResuming(): Disposable;
}

/** `warn` is told which runs cannot go on. */
export function adoptedRuns(
  runtime: Runtime,
  files: ProjectFiles,
  followed: FollowedRuns,
  { clock, warn }: { readonly clock: Clock; readonly warn: (message: string) => void },
): AdoptedRuns {
  const told = new Set<string>();

  async function resumeAll(): Promise<number> {
    const active = await runtime.journal.find({ type: 'workflow', parent: null, status: 'active', limit: 100_000 });
    const resumed = await Promise.all(active.filter(({ run }) => !followed.has(run)).map(resumeRun));
    return resumed.filter(Boolean).length;
  }

  async function resumeRun({ run, meta }: { readonly run: string; readonly meta: unknown }): Promise<boolean> {
    const { name, deployment } = propertiesOf(propertiesOf(meta).about);
    // It goes on with the code that was deployed, and not with the file of today: by its schedule, or troupe runs resume.
    if (deployment !== undefined) return false;
    try {
      const served = typeof name === 'string' ? await files.named(name) : undefined;
      if (served) followed.follow(await runtime.resume(run, served.workflow));
      else
        tellOnce(
          run,
          `The run ${run} is not gone on with: its workflow "${String(name)}" is not there, or cannot be run.`,
        );
      return served !== undefined;
    } catch (thrown) {
      const { kind, message } = toFailure(thrown);
      if (kind !== 'owned_elsewhere') tellOnce(run, `The run ${run} is not gone on with: ${message}`);
      return false;
    }
  }

  function tellOnce(run: string, message: string): void {
    if (told.has(run)) return;
    told.add(run);
    warn(message);
  }

  return {
    resumeAll,
    keepResuming() {
      let timer = clock.wake(clock.now() + adoptEvery, again);
      let isOver = false;
      function again(): void {
        // A journal that cannot be read now is looked at again.
        void resumeAll()
          .catch(() => 0)
          .then(() => {
            if (!isOver) timer = clock.wake(clock.now() + adoptEvery, again);
          });
      }
      return {
        [Symbol.dispose]() {
          isOver = true;
          timer[Symbol.dispose]();
        },
      };
    },
  };
}
