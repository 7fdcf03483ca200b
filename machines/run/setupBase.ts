/** The setup of a run before its actions: types, actors, delays and guards. The actions are added to it in setup.ts. */
import { setup, stateIn } from 'xstate';
import type { RunInput, RunOutput } from '../../src/contracts/run.ts';
import { maxNestingDepth } from '../member.ts';
import { engineActions, slot } from '../slot.ts';
import { treasurerMachine } from '../treasury/treasurer.ts';
import { activeMembers, type RunContext } from './context.ts';
import { routeDecisionIn, type RouteDecision, type RouteInput, type RunEvent } from './events.ts';
import { runDelaysOf, runGuardsOf } from './guards.ts';
import { defaultRunSettings } from './settings.ts';
import { answersOwnRequest } from './leases.ts';
import { endedSlots } from './services.ts';

/** The setup of a run's machine without its actions: types, slots, delays, guards, and the actions of the engine. */
export const runSetupBase = setup({
  types: {} as {
    context: RunContext;
    input: RunInput;
    events: RunEvent;
    output: RunOutput;
    tags: 'paused' | 'stopping';
  },
  actors: { route: slot<RouteDecision, RouteInput>('route'), treasurer: treasurerMachine },
  delays: runDelaysOf(defaultRunSettings),
  guards: {
    ...runGuardsOf(defaultRunSettings),
    isPaused: stateIn({ active: { control: 'paused' } }),
    hasUnrouted: ({ context }) => context.routed < context.said,
    hasWorkers: ({ context }) => activeMembers(context).length > 0,
    isFinish: ({ event }) => 'finish' in routeDecisionIn(event),
    isTooDeep: ({ context }) => context.depth >= maxNestingDepth,
    /** The event is about work that was given up, or that this run does not know. */
    isStray: ({ context, event }) => endedSlots(context, event).length === 0,
    isOurs: ({ context, event }) => answersOwnRequest(context, event),
    isLastWorker: ({ context, event }) => activeMembers(context).length === endedSlots(context, event).length,
    isCompleted: ({ context }) => context.outcome?.status === 'completed',
    isCancelled: ({ context }) => context.outcome?.status === 'cancelled',
  },
  actions: engineActions,
});

/** An action of this machine. It has a name of its own because the whole type would be written out wherever an action is exported. */
export interface RunAction extends ReturnType<typeof runSetupBase.enqueueActions> {}

/** Checks actions by their names, and gives them the short type. */
export const runActions = <Name extends string>(actions: Record<Name, RunAction>): Record<Name, RunAction> => actions;
