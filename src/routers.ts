/** Ways to decide which member has a task. */
import { effect } from '../actors/effect.ts';
import type { Select } from '../actors/router.ts';
import { byModel } from '../actors/select.ts';
import type { ModelDoor } from '../actors/tools.ts';
import type { Selected, Selection } from '../machines/router/events.ts';
import type { Strategy } from '../machines/router/settings.ts';
import { came } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import type { ModelChoice } from './contracts/model.ts';

export interface Router {
  readonly kind: 'router';
  readonly strategy: Strategy;
  /** Who chooses, for `selector`: a function, or a model with what it is told. */
  readonly chooser?: Chooser;
}

/** Chooses one of the candidates by its id. */
export type Choose = (selection: Selection) => string | Choice | Promise<string | Choice>;
type Choice = Omit<Selected, 'usage'>;
export type Chooser = { readonly choose: Choose } | { readonly model: ModelChoice; readonly instructions?: string };

const router = (strategy: Strategy, chooser?: Chooser): Router => ({
  kind: 'router',
  strategy,
  ...(chooser ? { chooser } : {}),
});

const key = (name: unknown, what: string): string => {
  if (typeof name === 'string' && name !== '') return name;
  throw new TroupeError('definition', `${what} takes the name of an entry of a task's metadata; got ${came(name)}.`);
};

/**
 * Routers for an orchestrator. A task that names its agent goes to nobody else, whatever the router.
 * @example orchestrator({ name: 'desk', members: [ada, bob], router: routers.roundRobin() })
 */
export const routers = {
  /** The member that the task names as its `agentId`. */
  direct: (): Router => router({ kind: 'direct' }),
  /** One after the other, in the order they were registered. */
  roundRobin: (): Router => router({ kind: 'roundRobin' }),
  /** The first that is in rotation and has room. */
  firstAvailable: (): Router => router({ kind: 'firstAvailable' }),
  /** The first whose role is what the task's metadata say. `fallback` is asked when no member has that role; without it such a task is refused. */
  role: ({ key: name = 'role', fallback }: { key?: string; fallback?: Router } = {}): Router =>
    router(
      { kind: 'role', key: key(name, 'routers.role'), ...(fallback ? { fallback: fallback.strategy } : {}) },
      fallback?.chooser,
    ),
  /** A function or a model decides. @example routers.selector({ choose: ({ candidates }) => candidates[0]!.id }) */
  selector: (chooser: Chooser): Router => {
    const { choose, model } = (chooser ?? {}) as { choose?: unknown; model?: unknown };
    if (typeof choose !== 'function' && model === undefined)
      throw new TroupeError(
        'definition',
        `routers.selector takes { choose: (selection) => id } or { model: 'provider:model' }; got ${came(chooser)}.`,
      );
    return router({ kind: 'selector' }, chooser);
  },
  /** Tasks with the same word in their metadata go to the same member as long as it is in rotation. */
  sticky: ({ key: name = 'key' }: { key?: string } = {}): Router =>
    router({ kind: 'sticky', key: key(name, 'routers.sticky') }),
  /** The one with the fewest tasks under way; of those the one that has had the fewest. */
  leastBusy: (): Router => router({ kind: 'leastBusy' }),
  /** All of them; the result is the list of their answers. */
  broadcast: (): Router => router({ kind: 'broadcast' }),
} as const;

/** The effect by which a function chooses. */
const byFunction = (choose: Choose): Select =>
  effect(async (selection) => {
    const chosen = await choose(selection);
    if (typeof chosen === 'string') return { member: chosen };
    const { member, reason } = chosen;
    return { member, ...(reason === undefined ? {} : { reason }) };
  });

/** The effect by which a router's chooser chooses. */
export const selectBy = (chooser: Chooser, gateway: ModelDoor): Select =>
  'choose' in chooser ? byFunction(chooser.choose) : byModel(chooser, gateway);
