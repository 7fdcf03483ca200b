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
import { settledTransitions, withSettings, finalStates } from '../lifecycle.ts';
import { initialAgentContext, agentOutputOf } from './context.ts';
import { inputTransitions } from './inputs.ts';
import type { AgentSettings } from './settings.ts';
import { agentDelaysOf, agentGuardsOf } from './guards.ts';
import { cleanupPhase } from './phases/cleanup.ts';
import { discoveryPhase } from './phases/discovery.ts';
import { errorHandlingPhase } from './phases/errorHandling.ts';
import { executionPhase } from './phases/execution.ts';
import { initiationPhase } from './phases/initiation.ts';
import { planningPhase } from './phases/planning.ts';
import { requirementsPhase } from './phases/requirements.ts';
import { toolbeltPhase } from './phases/toolbelt.ts';
import { transitionPhase } from './phases/transition.ts';
import { verificationPhase } from './phases/verification.ts';
import { budgetRegion } from './regions/budget.ts';
import { controlRegion } from './regions/control.ts';
import { agentActionsOf } from './actions.ts';
import { agentSetup } from './setup.ts';

/** The chart of an agent with default settings; `agentWith` gives it others. */
export const agentMachine = agentSetup.createMachine({
  id: 'agent',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialAgentContext(input),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: {
        'agent.settled': settledTransitions,
      },
      states: {
        lifecycle: {
          initial: 'working',
          states: {
            working: {
              initial: 'initiation',
              on: {
                'agent.cancel': { target: 'cleanup', actions: 'settleCancelled' },
                'agent.input': inputTransitions,
                'budget.exhausted': { target: 'errorHandling', actions: 'noteLate' },
              },
              states: {
                initiation: initiationPhase,
                requirements: requirementsPhase,
                discovery: discoveryPhase,
                planning: planningPhase,
                execution: executionPhase,
                transition: transitionPhase,
                toolbelt: toolbeltPhase,
                verification: verificationPhase,
                resumePoint: { id: 'resumePoint', type: 'history', history: 'deep' },
              },
            },
            errorHandling: errorHandlingPhase,
            cleanup: cleanupPhase,
            settled: { id: 'settled', type: 'final', entry: 'saySettled' },
          },
        },
        control: controlRegion,
        budget: budgetRegion,
      },
    },
    ...finalStates,
  },
  output: ({ context }) => agentOutputOf(context),
});

/** The machine of an agent with these settings: the same chart with other bounds. Its effects are slots; `agentActor` fills them. */
export const agentWith = (settings: AgentSettings): typeof agentMachine =>
  withSettings(agentMachine, { guards: agentGuardsOf, delays: agentDelaysOf, actions: agentActionsOf }, settings);
