/** A router ready for the engine: its machine with its members by name, its lists to read back, and a selector when it has one. */
import type { AnyStateMachine } from 'xstate';
import { TroupeError } from '../src/contracts/failure.ts';
import type { TaskResult } from '../src/contracts/task.ts';
import { routerWith } from '../machines/router/router.ts';
import type { Filed } from '../machines/router/context.ts';
import type { RouterSettings } from '../machines/router/settings.ts';
import type { Reading, Selected, Selection } from '../machines/router/vocabulary.ts';
import { effect, type Effect } from './effect.ts';

export type Select = Effect<Selected, Selection>;

export interface RouterActor {
  readonly settings: RouterSettings;
  /** The actors of its members, by their ids. */
  readonly members: Readonly<Record<string, AnyStateMachine>>;
  /** The actor of the guardrails in front of the members, for `entry: 'guard'`. */
  readonly guard?: AnyStateMachine;
  /** Who chooses, for the strategy `selector`. */
  readonly select?: Select;
}

export function routerActor({ settings, members, guard, select = nobody }: RouterActor): ReturnType<typeof routerWith> {
  const load = effect<readonly Filed[], Reading>(
    async ({ from, count }, scope) =>
      (await scope.list('tasks')).slice(from, from + count) as unknown as readonly Filed[],
    { kind: 'pure' },
  );
  const collect = effect<readonly TaskResult[], null>(
    async (_, scope) =>
      ((await scope.list('results')) as unknown as readonly { seq: number; result: TaskResult }[])
        .toSorted((a, b) => a.seq - b.seq)
        .map(({ result }) => result),
    { kind: 'pure' },
  );
  // The chart starts members and guardrails by name and does not know them; the engine finds them here.
  return routerWith(settings).provide({
    actors: { ...members, ...(guard ? { guard } : {}), load, collect, select } as { load: typeof load },
  });
}

const nobody: Select = effect(() =>
  Promise.reject(
    new TroupeError('definition', 'The router has no selector; give it one with routers.selector({ … }).'),
  ),
);
