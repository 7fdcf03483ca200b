/** The actor of a router: its machine with its members by name, its lists to read back, and a selector if it has one. */
import type { AnyStateMachine } from 'xstate';
import { TroupeError } from '../src/values/failure.ts';
import type { TaskResult } from '../src/contracts/taskResult.ts';
import { routerWith } from '../machines/router/router.ts';
import type { SubmittedTask } from '../machines/router/context.ts';
import type { RouterSettings } from '../machines/router/settings.ts';
import type { LoadInput, SelectionOutput, SelectionInput } from '../machines/router/events.ts';
import { effect, type Effect } from './effect.ts';
import { entriesOf } from './lists.ts';
import { withActors } from './withActors.ts';

/** The effect that chooses a member. */
export type SelectMember = Effect<SelectionOutput, SelectionInput>;

export interface RouterActor {
  readonly settings: RouterSettings;
  /** The actors of its members, by their ids. */
  readonly members: Readonly<Record<string, AnyStateMachine>>;
  /** The actor of the guardrails in front of the members, for `entry: 'guard'`. */
  readonly guard?: AnyStateMachine;
  /** Chooses the member, for the strategy `selector`. Without one that strategy fails as `definition`. */
  readonly select?: SelectMember;
}

export function routerActor({
  settings,
  members,
  guard,
  select = noSelector,
}: RouterActor): ReturnType<typeof routerWith> {
  const load = effect<readonly SubmittedTask[], LoadInput>(
    async ({ from, count }, scope) => (await entriesOf<SubmittedTask>(scope, 'tasks')).slice(from, from + count),
    { kind: 'pure' },
  );
  const collect = effect<readonly TaskResult[], null>(
    async (_, scope) =>
      (await entriesOf<{ readonly seq: number; readonly result: TaskResult }>(scope, 'results'))
        .toSorted((a, b) => a.seq - b.seq)
        .map(({ result }) => result),
    { kind: 'pure' },
  );
  const named = { ...members, ...(guard ? { guard } : {}), load, collect, select };
  return withActors(routerWith(settings), named);
}

const noSelector: SelectMember = effect(() =>
  Promise.reject(
    new TroupeError('definition', 'The router has no selector; give it one with routers.selector({ … }).'),
  ),
);
