/** The setup of a guardrail before its actions: types, actors, delays and guards. The actions are added to it in setup.ts. */
import { setup, stateIn } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import { slot } from '../slot.ts';
import { waitMachine } from '../wait.ts';
import type { GuardrailContext, GuardrailInput } from './context.ts';
import { slotsOf, type CheckInput } from './draft.ts';
import { stageIn, checkResultIn, type GuardrailEvent, type CheckResult } from './events.ts';
import { guardrailDelaysOf, guardrailGuardsOf } from './guards.ts';
import { defaultGuardrailSettings } from './settings.ts';

export const guardrailSetupBase = setup({
  types: {} as {
    context: GuardrailContext;
    input: GuardrailInput;
    events: GuardrailEvent;
    output: AgentOutput & { bare?: boolean };
    tags: 'shut' | 'waiting';
  },
  actors: { checkWork: slot<CheckResult, CheckInput>('checkWork'), wait: waitMachine },
  delays: guardrailDelaysOf(defaultGuardrailSettings),
  guards: {
    ...guardrailGuardsOf(defaultGuardrailSettings),
    /** It is under way already, and will be answered once. */
    isTwice: ({ context, event }) => event.type === 'work' && slotsOf({ context }, event.id).length > 0,
    isOpen: stateIn({ active: { door: 'open' } }),
    isTrying: stateIn({ active: { door: { halfOpen: 'trying' } } }),
    isTripped: stateIn({ active: { door: 'tripped' } }),
    isPassed: ({ event }) => checkResultIn(event).ok,
    isAsked: (args) => stageIn(args) !== undefined && stageIn(args) !== 'stopping',
    isUnderWay: (args) => stageIn(args) === 'task',
    isStopping: (args) => stageIn(args) === 'stopping',
    isMine: (args) => ['task', 'stopping'].includes(stageIn(args) ?? ''),
    isOfNow: ({ context, event }) => 'round' in event && event.round === context.round,
    isReset: (_, output: WaitOutput) => output.status !== 'aborted' && propertiesOf(output.answer).reset === true,
    hasPassages: ({ context }) => context.passages.length > 0,
    hasNone: ({ context }) => context.passages.length === 0,
  },
});

/** An action of this machine. It has a name of its own because the whole type would be written out wherever an action is exported. */
export interface GuardrailAction extends ReturnType<typeof guardrailSetupBase.enqueueActions> {}

/** Checks actions by their names, and gives them the short type. */
export const guardrailActions = <Name extends string>(
  actions: Record<Name, GuardrailAction>,
): Record<Name, GuardrailAction> => actions;
