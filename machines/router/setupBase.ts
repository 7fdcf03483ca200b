/** The setup of a router before its actions: types, actors, delays and guards. The actions are added to it in setup.ts. */
import { setup } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { RouterOutput } from '../../src/contracts/orchestration.ts';
import type { TaskResult } from '../../src/contracts/taskResult.ts';
import { engineActions, slot } from '../slot.ts';
import { isRouterDone, lookahead, type SubmittedTask, type RouterContext, type RouterMachineInput } from './context.ts';
import type { LoadInput, RouterEvent } from './events.ts';
import { routerDelaysOf, routerGuardsOf } from './guards.ts';
import { defaultRouterSettings } from './settings.ts';

/** The setup of a router's machine without its actions: types, slots, delays, guards, and the actions of the engine. */
export const routerSetupBase = setup({
  types: {} as {
    context: RouterContext;
    input: RouterMachineInput;
    events: RouterEvent;
    output: RouterOutput | AgentOutput;
    tags: 'paused';
  },
  actors: {
    load: slot<readonly SubmittedTask[], LoadInput>('load'),
    collect: slot<readonly TaskResult[], null>('collect'),
  },
  delays: routerDelaysOf(defaultRouterSettings),
  guards: {
    isDue: ({ context }) => context.due,
    isOver: ({ context }) => isRouterDone(context),
    ...routerGuardsOf(defaultRouterSettings),
    /** The queue runs low, and there are more tasks in the list. */
    hasMore: ({ context }) =>
      context.loaded < context.submitted &&
      (context.halt !== undefined || context.queue.length < lookahead(context) / 2),
    takesTasks: ({ context }) => context.standing && !context.closed,
    isCompleted: ({ context }) => context.halt === undefined,
    isCancelled: ({ context }) => context.halt?.kind === 'cancelled',
  },
  actions: engineActions,
});

/** An action of this machine. It has a name of its own because the whole type would be written out wherever an action is exported. */
export interface RouterAction extends ReturnType<typeof routerSetupBase.enqueueActions> {}

/** Checks actions by their names, and gives them the short type. */
export const routerActions = <Name extends string>(actions: Record<Name, RouterAction>): Record<Name, RouterAction> =>
  actions;
