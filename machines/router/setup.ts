/** The setup that the chart of a router is written with: the base, and every action by its name. */
import { assign, raise } from 'xstate';
import type { TaskResult } from '../../src/contracts/task.ts';
import { failureIn, outputIn } from '../childEvents.ts';
import { routerActionsOf } from './actions.ts';
import { base } from './setupBase.ts';
import { defaultRouterSettings } from './settings.ts';

export const router = base.extend({
  actions: {
    ...routerActionsOf(defaultRouterSettings),
    close: assign({ closed: true }),
    keepResults: assign(({ event }) => ({ results: outputIn<readonly TaskResult[]>(event) })),
    noteUncollected: assign(({ event }) => ({
      halt: { kind: 'permanent' as const, failure: failureIn(event) },
    })),
    saySettled: raise({ type: 'router.settled' }),
  },
});
