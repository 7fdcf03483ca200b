/** The setup that the chart of a router is written with: the base, and every action by its name. */
import { assign, raise } from 'xstate';
import type { TaskResult } from '../../src/contracts/taskResult.ts';
import { childFailure, childOutput } from '../childEvents.ts';
import { routerActionsOf } from './actions.ts';
import { routerSetupBase } from './setupBase.ts';
import { defaultRouterSettings } from './settings.ts';

/** The complete setup of a router's machine: what `routerSetupBase` has, and every action. */
export const routerSetup = routerSetupBase.extend({
  /** Every action by the name that the chart uses; those that depend on settings have the defaults, until `routerWith` replaces them. */
  actions: {
    ...routerActionsOf(defaultRouterSettings),
    close: assign({ closed: true }),
    keepResults: assign(({ event }) => ({ results: childOutput<readonly TaskResult[]>(event) })),
    noteUncollected: assign(({ event }) => ({
      halt: { kind: 'permanent' as const, failure: childFailure(event) },
    })),
    saySettled: raise({ type: 'router.settled' }),
  },
});
