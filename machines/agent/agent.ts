/**
 * An agent: one task from its first message to its end, in nine phases.
 *
 * A1 Every task ends: each phase has a time limit, each kind of recovery a maximum count, and the task a deadline.
 * A2 The first decision that ends the task is final. After it only cleanup runs, and only once.
 * A3 Every tool call in an answer of the model gets a result in the transcript, however the turn ends.
 * A4 A task is completed only by a typed answer or, for an agent without replies, by a finished text. The words of a text never end a task.
 * A5 A pause interrupts nothing: the agent waits before its next model call, and tells its delegates to pause.
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
import {
  executionPhase,
  lendingExecutionPhase,
  lendingReservingExecutionPhase,
  reservingExecutionPhase,
} from './phases/execution.ts';
import { initiationPhase } from './phases/initiation.ts';
import { lentPlanningPhase, planningPhase } from './phases/planning.ts';
import { lentRequirementsPhase, requirementsPhase } from './phases/requirements.ts';
import { toolbeltPhase } from './phases/toolbelt.ts';
import { transitionPhase } from './phases/transition.ts';
import { verificationPhase } from './phases/verification.ts';
import { budgetRegion } from './regions/budget.ts';
import { controlRegion } from './regions/control.ts';
import { agentActionsOf } from './actions.ts';
import { agentSetup } from './setup.ts';

/** The phases that not every agent has in the same form. */
interface Phases {
  readonly execution: typeof executionPhase;
  readonly requirements: typeof requirementsPhase;
  readonly planning: typeof planningPhase;
}
const agentChart = ({ execution, requirements, planning }: Phases) =>
  agentSetup.createMachine({
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
                  requirements,
                  discovery: discoveryPhase,
                  planning,
                  execution,
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

const plain: Phases = { execution: executionPhase, requirements: requirementsPhase, planning: planningPhase };
const lent = { requirements: lentRequirementsPhase, planning: lentPlanningPhase };
const lending = { execution: lendingExecutionPhase };

/** The chart of an agent with default settings; `agentWith` gives it others. */
export const agentMachine = agentChart(plain);

type AgentChart = typeof agentMachine;
/** Made when the first agent needs it: XState prepares every state of a chart, which takes longer than the rest of this folder together. */
const onDemand = (make: () => AgentChart): (() => AgentChart) => {
  let made: AgentChart | undefined;
  return () => (made ??= make());
};
/** The chart of an agent that calls others, and lends them of its budget. */
const lendingAgentMachine = onDemand(() => agentChart({ ...plain, ...lending }));
/** The chart of an agent that asks its lender before a model analyzes or plans. */
const lentAgentMachine = onDemand(() => agentChart({ ...plain, ...lent }));
/** The chart of an agent that does both. */
const lentLendingAgentMachine = onDemand(() => agentChart({ ...plain, ...lent, ...lending }));
/** The chart of an agent that reserves the most that a call of the model can cost, and asks its lender before all of them. */
const reservingAgentMachine = onDemand(() => agentChart({ execution: reservingExecutionPhase, ...lent }));
/** The chart of an agent that lends as well. */
const lendingReservingAgentMachine = onDemand(() => agentChart({ execution: lendingReservingExecutionPhase, ...lent }));

const chartFor = ({ lends, borrowsEarly, reserves }: AgentSettings): AgentChart => {
  if (reserves) return lends ? lendingReservingAgentMachine() : reservingAgentMachine();
  if (borrowsEarly) return lends ? lentLendingAgentMachine() : lentAgentMachine();
  return lends ? lendingAgentMachine() : agentMachine;
};

/** The machine of an agent with these settings: the same chart with other bounds, and with the transitions that only some agents need. Its effects are slots; `agentActor` fills them. */
export const agentWith = (settings: AgentSettings): AgentChart =>
  withSettings(chartFor(settings), { guards: agentGuardsOf, delays: agentDelaysOf, actions: agentActionsOf }, settings);
