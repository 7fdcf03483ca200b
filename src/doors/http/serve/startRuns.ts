/** Starts runs of the workflows of a project. The same key is the same run, however often and in however many processes it is started. */
import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { TroupeError, toFailure } from '../../../values/failure.ts';
import type { Clock } from '../../../values/clock.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import type { OrchestratorService } from '../orchestrator/service.ts';
import type { FollowedRuns } from './followedRuns.ts';
import { outlineOf } from './outline.ts';
import type { ProjectFiles, ServedWorkflow } from './projectFiles.ts';
import { inputOf } from './storedRuns.ts';

/** `start` of the service. */
export function startRuns(
  runtime: Runtime,
  files: ProjectFiles,
  followed: FollowedRuns,
  clock: Pick<Clock, 'id'>,
): OrchestratorService['start'] {
  const { journal } = runtime;
  /** By their ids, the starts that go on now: a second one is told that the run was there only after the first. */
  const starting = new Map<string, Promise<unknown>>();

  return async ({ workflow: name, params, id }) => {
    const served = await files.named(name);
    if (!served) throw new TroupeError('unknown_recipient', `The workflow "${name}" is not there any longer.`);
    if (id === undefined) return begin(served, params, newRunId(clock), true);
    while (starting.has(id)) await starting.get(id)?.catch(() => undefined);
    const started = begin(served, params, id, false);
    starting.set(id, started);
    try {
      return await started;
    } finally {
      starting.delete(id);
    }
  };

  async function begin({ workflow }: ServedWorkflow, params: unknown, id: string, isNew: boolean) {
    const [before] = isNew ? [] : await journal.find({ run: id, parent: null, limit: 1 });
    try {
      const { definition } = workflow;
      const meta = { outline: outlineOf(definition), file: definition.file };
      followed.follow(await runtime.start(workflow, params, { key: id, isNew, meta }));
      return { id, existed: before !== undefined };
    } catch (thrown) {
      if (toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
      // Another process has begun it, and goes on with it.
      const [root] = await journal.find({ run: id, parent: null, limit: 1 });
      if (!root || !isDeepStrictEqual(inputOf(root), workflow.start(params)))
        throw new TroupeError('conflict', `The run ${id} was started with another input.`, { cause: thrown });
      return { id, existed: true };
    }
  }
}

/** `run_` and 16 hex digits. */
const newRunId = (clock: Pick<Clock, 'id'>): string => `run_${hash('sha256', clock.id(), 'hex').slice(0, 16)}`;
