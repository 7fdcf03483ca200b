/**
 * An agent: one task from its first message to its end, in nine phases.
 *
 * A1 Every run ends: each phase has a time limit, each recovery a count, the whole task a deadline.
 * A2 The first decision that ends the task stands: after it there is only cleanup, once.
 * A3 Every call of an answer gets a result in the transcript, however its turn is left.
 * A4 Text never ends a task. Only a typed answer does, or, for an agent without replies, a finished text.
 * A5 A pause interrupts nothing: the agent holds where a model would be asked next. Its delegates are told to pause.
 * A6 No input is lost: it is in the transcript, or among the dead letters with the reason.
 */
import { bySettlement, configured, endStates } from '../lifecycle.ts';
import { beginning, outputOf } from './context.ts';
import { onInput } from './inputs.ts';
import type { AgentSettings } from './settings.ts';
import { delaysOf, guardsOf } from './guards.ts';
import { cleanup } from './phases/cleanup.ts';
import { discovery } from './phases/discovery.ts';
import { errorHandling } from './phases/errorHandling.ts';
import { execution } from './phases/execution.ts';
import { initiation } from './phases/initiation.ts';
import { planning } from './phases/planning.ts';
import { requirements } from './phases/requirements.ts';
import { toolbelt } from './phases/toolbelt.ts';
import { transition } from './phases/transition.ts';
import { verification } from './phases/verification.ts';
import { budget } from './regions/budget.ts';
import { control } from './regions/control.ts';
import { actionsOf } from './actions.ts';
import { agent } from './setup.ts';

/** The chart of an agent with default settings; `agentWith` gives it others. */
export const agentMachine = agent.createMachine({
  id: 'agent',
  options: { maxIterations: 1000 },
  context: ({ input }) => beginning(input),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: {
        'agent.settled': bySettlement,
      },
      states: {
        lifecycle: {
          initial: 'working',
          states: {
            working: {
              initial: 'initiation',
              on: {
                'agent.cancel': { target: 'cleanup', actions: 'settleCancelled' },
                'agent.input': onInput,
                'budget.exhausted': { target: 'errorHandling', actions: 'noteLate' },
              },
              states: {
                initiation,
                requirements,
                discovery,
                planning,
                execution,
                transition,
                toolbelt,
                verification,
                resumePoint: { id: 'resumePoint', type: 'history', history: 'deep' },
              },
            },
            errorHandling,
            cleanup,
            settled: { id: 'settled', type: 'final', entry: 'saySettled' },
          },
        },
        control,
        budget,
      },
    },
    ...endStates,
  },
  output: ({ context }) => outputOf(context),
});

/** The machine of an agent with these settings: the same chart with other bounds. Its effects are slots; `agentActor` fills them. */
export const agentWith = (settings: AgentSettings): typeof agentMachine =>
  configured(agentMachine, { guards: guardsOf, delays: delaysOf, actions: actionsOf }, settings);
