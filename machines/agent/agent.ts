/**
 * An agent: one task from its first message to its end, in nine phases.
 *
 * A1 Every run ends: each phase has a time, each recovery a count, the whole a deadline.
 * A2 The first decision that ends the task stands: after it there is only cleanup, once.
 * A3 Every call of an answer is answered in the transcript, whichever way its turn is left.
 * A4 Text never ends a task. Only a typed answer does, or, for an agent without replies, a finished text.
 * A5 A pause interrupts nothing: it holds where a model would be asked next. Whoever works for the agent is told of it.
 * A6 Nothing that was said to it is lost: it is in the transcript, or among the dead letters with the reason.
 */
import { beginning, outputOf } from './context.ts';
import { onInput } from './inputs.ts';
import type { AgentSettings } from './limits.ts';
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
import { agent } from './vocabulary.ts';

export const agentMachine = agent.createMachine({
  id: 'agent',
  options: { maxIterations: 1000 },
  context: ({ input }) => beginning(input),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: {
        'agent.settled': [
          { guard: 'isCompleted', target: 'completed' },
          { guard: 'isCancelled', target: 'cancelled' },
          { target: 'failed' },
        ],
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
    completed: { type: 'final' },
    failed: { type: 'final' },
    cancelled: { type: 'final' },
  },
  output: ({ context }) => outputOf(context),
});

/** The machine of an agent with these settings: the same chart, other bounds. */
export const agentWith = (settings: AgentSettings): typeof agentMachine =>
  agentMachine.provide({
    guards: guardsOf(settings),
    delays: delaysOf(settings),
    actions: actionsOf(settings),
  });
