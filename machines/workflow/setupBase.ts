/** The setup of a workflow before its actions: types, slots, delays and guards. The actions are added to it in setup.ts. */
import { setup, stateIn } from 'xstate';
import type { StepEnd } from '../../src/contracts/workflow/step.ts';
import type { StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { withinDeadline } from '../lifecycle.ts';
import { maxNestingDepth } from '../member.ts';
import { engineActions, slot } from '../slot.ts';
import { waitMachine } from '../wait.ts';
import { runningChildren } from './updates.ts';
import type { WorkflowContext } from './context.ts';
import type {
  DecideInput,
  Decision,
  FanOutInput,
  NotifyInput,
  WebhookInput,
  WorkflowEnd,
  WorkflowStart,
} from './effectTypes.ts';
import { endedChild, type WorkflowEvent } from './events.ts';
import { defaultWorkflowSettings, type WorkflowSettings } from './settings.ts';

/** The delays that depend on the settings. */
export const workflowDelaysOf = ({ deadline, grace }: WorkflowSettings) => ({
  deadline: ({ event }: { readonly event: object }) => withinDeadline(deadline, eventContextOf(event)),
  grace: () => grace,
});

/** The decision that this event brings. */
export const decisionIn = (event: object): Decision =>
  // The event is the end of the effect `decide`, which gives a decision.
  (event as { readonly output: Decision }).output;

/** The setup of a workflow's machine without its actions. */
export const workflowSetupBase = setup({
  types: {} as {
    context: WorkflowContext;
    input: WorkflowStart;
    events: WorkflowEvent;
    output: WorkflowEnd;
    tags: 'paused' | 'stopping';
  },
  actors: {
    decide: slot<Decision, DecideInput>('decide'),
    agentStep: slot<StepEnd, StoredAgentTask>('agentStep'),
    webhook: slot<StepEnd, WebhookInput>('webhook'),
    items: slot<StepEnd, { readonly step: string }>('items'),
    fanOut: slot<StepEnd, FanOutInput>('fanOut'),
    notify: slot<null, NotifyInput>('notify'),
    wait: waitMachine,
  },
  delays: workflowDelaysOf(defaultWorkflowSettings),
  guards: {
    isTooDeep: ({ context }) => context.depth > maxNestingDepth,
    isPaused: stateIn({ active: { control: 'paused' } }),
    hasNews: ({ context }) => context.records !== context.decided,
    isEnd: ({ event }) => decisionIn(event).end !== undefined,
    /** The decision knew every step that has ended, begins none, and none is under way: nothing would ever happen. */
    isStuck: ({ context, event }) =>
      decisionIn(event).dispatch.length === 0 &&
      decisionIn(event).finished.length === 0 &&
      context.records === context.decided &&
      runningChildren(context).length === 0 &&
      context.resting.length === 0,
    hasRunning: ({ context }) => runningChildren(context).length > 0,
    isLastStep: ({ context, event }) => runningChildren(context).every(([child]) => child === endedChild(event.type)),
    isCompleted: ({ context }) => context.end?.output.status === 'complete',
    isCancelled: ({ context }) => context.end?.output.status === 'cancelled',
  },
  actions: engineActions,
});

/** An action of this machine. It has a name of its own because the whole type would be written out wherever an action is exported. */
export interface WorkflowAction extends ReturnType<typeof workflowSetupBase.enqueueActions> {}

/** Checks actions by their names, and gives them the short type. */
export const workflowActions = <Name extends string>(
  actions: Record<Name, WorkflowAction>,
): Record<Name, WorkflowAction> => actions;
