/** The setup of an agent step's machine before its actions: types, slots, delays and guards. */
import { setup, type DoneActorEvent, type ErrorActorEvent } from 'xstate';
import type { StoredAgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import type { ApprovalNotice } from '../../../src/contracts/workflow/approval.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import type { ToolAnswer, ToolOutcome, ToolRequest } from '../../agent/effectTypes.ts';
import { childOutput } from '../../childEvents.ts';
import { engineActions, slot } from '../../slot.ts';
import { toolCallMachine } from '../../toolCall/toolCall.ts';
import type { AgentStepContext } from './context.ts';
import type {
  BriefedCall,
  StepAnswer,
  StepDiscovery,
  StepDiscoveryInput,
  StepQuestion,
  SubAgentBriefing,
} from './effectTypes.ts';

/** What an agent step takes: the commands of its workflow, and the ends of its effects and calls. */
export type AgentStepEvent =
  | { type: 'agent.cancel'; reason: string }
  | { type: 'agent.pause' | 'agent.resume' }
  | ApprovalNotice
  | DoneActorEvent<StepAnswer, 'ask'>
  | DoneActorEvent<StepDiscovery, 'discover'>
  | DoneActorEvent<ToolOutcome, `call.${number}`>
  | ErrorActorEvent<unknown, `call.${number}`>
  | ErrorActorEvent;

/** What the model answered. Use it on the `onDone` of `ask` and nowhere else. */
export const stepAnswerIn = (event: AgentStepEvent): StepAnswer => childOutput<StepAnswer>(event);

/** A pause ends by itself. Milliseconds. */
const patience = 7 * 24 * 60 * 60_000;

const hasTurnsLeft = ({ turns, maxTurns }: AgentStepContext): boolean => turns < maxTurns;
/** One extra call corrects the last text, unless the schema has had its round. */
const mayCorrect = ({ unreadable, repaired }: AgentStepContext): boolean => unreadable !== undefined && !repaired;

/** The first tool that an answer calls and there is not; undefined when there is none. */
export const strayIn = ({ says }: StepAnswer): string | undefined =>
  says.kind === 'calls' ? says.calls.flatMap((call) => (call.how === 'unknown' ? [call.name] : []))[0] : undefined;

/** The setup of an agent step's machine without its actions. */
export const agentStepBase = setup({
  types: {} as {
    context: AgentStepContext;
    input: StoredAgentTask;
    events: AgentStepEvent;
    output: StepEnd;
    tags: 'thinking' | 'acting' | 'paused';
  },
  actors: {
    discover: slot<StepDiscovery, StepDiscoveryInput>('discover'),
    ask: slot<StepAnswer, StepQuestion>('ask'),
    runTool: slot<ToolAnswer, ToolRequest>('runTool'),
    brief: slot<readonly BriefedCall[], SubAgentBriefing>('brief'),
    subAgent: slot<StepEnd, StoredAgentTask>('subAgent'),
    toolCall: toolCallMachine,
  },
  delays: { patience },
  guards: {
    hasServers: ({ context }) => context.servers > 0,
    isPaused: ({ context }) => context.paused,
    isLastTurn: ({ context }) => context.turns + 1 >= context.maxTurns,
    hasTurns: ({ context }) => hasTurnsLeft(context),
    mayCorrect: ({ context }) => mayCorrect(context),
    isDraftToReflect: ({ event }) => {
      const { says } = stepAnswerIn(event);
      return says.kind === 'draft' && says.reflect !== undefined;
    },
    isJudged: ({ event }) => stepAnswerIn(event).says.kind === 'draft',
    isRepairable: ({ context, event }) => stepAnswerIn(event).says.kind === 'violating' && !context.repaired,
    isViolating: ({ event }) => stepAnswerIn(event).says.kind === 'violating',
    isUnreadable: ({ event }) => stepAnswerIn(event).says.kind === 'unreadable',
    isStray: ({ event }) => strayIn(stepAnswerIn(event)) !== undefined,
    hasCalls: ({ event }) => stepAnswerIn(event).says.kind === 'calls',
    mayCorrectReflection: ({ context, event }) =>
      !context.reflectionCorrected && !['draft', 'nothing'].includes(stepAnswerIn(event).says.kind),
    isAgentCall: ({ context }) => context.queue[0]?.how === 'agent',
    hasSubAgentAtWork: ({ context }) => context.fault === undefined && context.running.some(({ agent }) => agent),
    /** Beside a fault only sub-agents are waited for: they say what they have used. */
    isBusy: ({ context: { running, fault } }) => running.some(({ agent }) => agent === true || fault === undefined),
    hasFault: ({ context }) => context.fault !== undefined,
    hasMoreCalls: ({ context }) => context.queue.length > 0,
  },
  actions: engineActions,
});
