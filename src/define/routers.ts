/** Routers: ways to decide which member of an orchestrator gets a task. */
import { requireOptions } from '../values/options.ts';
import { effect } from '../../actors/effect.ts';
import type { SelectMember } from '../../actors/router.ts';
import { selectByModel } from '../../actors/selectMember.ts';
import type { ModelGateway } from '../../actors/tools.ts';
import type { SelectionOutput, SelectionInput } from '../../machines/router/events.ts';
import type { RoutingStrategy } from '../../machines/router/settings.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { ModelChoice } from '../contracts/model.ts';

/** A way to decide which member gets a task: one of `routers.…()`. */
export interface Router {
  readonly kind: 'router';
  /** The strategy as the orchestrator's machine knows it. */
  readonly strategy: RoutingStrategy;
  /** For `selector`: the function, or the model with its instructions, that chooses. */
  readonly chooser?: Chooser;
}

/** Gives the id of one of the candidates, alone or with a reason. */
export type ChooseMember = (selection: SelectionInput) => string | Choice | Promise<string | Choice>;
type Choice = Omit<SelectionOutput, 'usage'>;
/** What chooses a member: a function or a model. */
export type Chooser =
  | {
      /** A function that gives the id of a candidate. */
      readonly choose: ChooseMember;
    }
  | {
      /** The model that chooses. */
      readonly model: ModelChoice;
      /** What the model should go by; nothing by default. */
      readonly instructions?: string;
    };

const router = (strategy: RoutingStrategy, chooser?: Chooser): Router => ({
  kind: 'router',
  strategy,
  ...(chooser ? { chooser } : {}),
});

const requireKey = (name: unknown, what: string): string => {
  if (typeof name === 'string' && name !== '') return name;
  throw new TroupeError(
    'definition',
    `${what} takes the name of an entry of a task's metadata; got ${describeValue(name)}.`,
  );
};

/**
 * Routers for an orchestrator. A task that names its agent goes to that agent alone, whatever the router.
 * @example orchestrator({ name: 'desk', members: [ada, bob], router: routers.roundRobin() })
 */
export const routers = {
  /** The member that the task names as its `agentId`. */
  direct: (): Router => router({ kind: 'direct' }),
  /** The next member each time, in the order in which they were given. */
  roundRobin: (): Router => router({ kind: 'roundRobin' }),
  /** The first member that is in rotation and below its capacity. */
  firstAvailable: (): Router => router({ kind: 'firstAvailable' }),
  /** The first member with the role that the task's metadata name. */
  role: (
    options: {
      /** The entry of the metadata that names the role; `role` by default. */
      key?: string;
      /** Decides when no member has the role; without it such a task is refused. */
      fallback?: Router;
    } = {},
  ): Router => {
    requireOptions('routers.role', options, { key: true, fallback: true });
    const { key: name = 'role', fallback } = options;
    return router(
      { kind: 'role', key: requireKey(name, 'routers.role'), ...(fallback ? { fallback: fallback.strategy } : {}) },
      fallback?.chooser,
    );
  },
  /** A function or a model decides. @example routers.selector({ choose: ({ candidates }) => candidates[0]!.id }) */
  selector: (chooser: Chooser): Router => {
    const { choose, model }: { choose?: unknown; model?: unknown } = chooser ?? {};
    if (typeof choose !== 'function' && model === undefined)
      throw new TroupeError(
        'definition',
        `routers.selector takes { choose: (selection) => id } or { model: 'provider:model' }; got ${describeValue(chooser)}.`,
      );
    requireOptions<object>('routers.selector', chooser, { choose: true, model: true, instructions: true } as object);
    return router({ kind: 'selector' }, chooser);
  },
  /** Tasks with the same value in their metadata go to the same member as long as it is in rotation. */
  sticky: (
    options: {
      /** The entry of the metadata that holds the value; `key` by default. */
      key?: string;
    } = {},
  ): Router => {
    requireOptions('routers.sticky', options, { key: true });
    return router({ kind: 'sticky', key: requireKey(options.key ?? 'key', 'routers.sticky') });
  },
  /** The member with the fewest tasks under way; of several such members, the one that has had the fewest tasks. */
  leastBusy: (): Router => router({ kind: 'leastBusy' }),
  /** All members; the result is the list of their answers. */
  broadcast: (): Router => router({ kind: 'broadcast' }),
} as const;

/** The effect by which a function chooses. */
const selectByFunction = (choose: ChooseMember): SelectMember =>
  effect(async (selection) => {
    const chosen = await choose(selection);
    if (typeof chosen === 'string') return { member: chosen };
    const { member, reason } = chosen;
    return { member, ...(reason === undefined ? {} : { reason }) };
  });

/** The effect by which a router's chooser chooses. */
export const selectWith = (chooser: Chooser, gateway: ModelGateway): SelectMember =>
  'choose' in chooser ? selectByFunction(chooser.choose) : selectByModel(chooser, gateway);
