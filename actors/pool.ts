/**
 * Performs the items of a pool: plain functions, some at a time, within one effect.
 *
 * PF1 An item whose result is stored is not performed again: after a crash, after a pause, and when a failed run is retried (E5).
 * PF2 Each item has one key, in every attempt and in every process (E2).
 * PF3 A write that cannot be repeated begins once that is stored. If nothing is known of it after a crash, it is `uncertain` and is not performed again (E7).
 * PF4 No item begins after the deadline (E9), or when the effect is stopped.
 */
import type { EffectScope } from '../src/contracts/effect.ts';
import type { Json } from '../src/values/json.ts';
import type { PoolTask } from '../machines/pool.ts';
import { effect, type Effect } from './effect.ts';
import { knownItems, noItems, type KnownItems } from './itemLog.ts';
import { mayHaveEarlierItems, PoolPass, type PoolWork } from './poolPass.ts';

/** The effect of a pool. The engine may repeat it: it keeps its own promises about its items. */
export function poolEffect(work: PoolWork): Effect<Json, PoolTask> {
  /** By actor: items that go on after their effect was stopped. The next effect waits for them, or two of them would work on one item. */
  const atWork = new Map<string, Promise<unknown>>();
  return effect<Json, PoolTask>(
    async (given, scope) => {
      await atWork.get(scope.actor);
      const pass = new PoolPass(work, given.task, scope, await itemsSoFar(work, given, scope));
      const end = pass.rest.finally(() => atWork.get(scope.actor) === end && atWork.delete(scope.actor));
      atWork.set(scope.actor, end);
      return await pass.result;
    },
    { kind: 'read', sameStep: ({ task }) => task },
  );
}

/** Checkpoints are read only where there may be some. */
async function itemsSoFar({ isFailure }: PoolWork, { pauses }: PoolTask, scope: EffectScope): Promise<KnownItems> {
  const isFirst = !scope.again && pauses === 0 && !mayHaveEarlierItems(scope);
  return isFirst || !scope.checkpoints ? noItems : knownItems(await scope.checkpoints(), scope.actor, isFailure);
}
