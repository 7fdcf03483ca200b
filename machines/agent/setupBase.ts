/** The setup of an agent's machine before its actions: types, effects, delays and guards. The actions are added to it in setup.ts. */
import { setup, stateIn } from 'xstate';
import type { AgentAnswer, AgentInput, AgentOutput, Phase } from '../../src/contracts/agent.ts';
import type { Json } from '../../src/values/json.ts';
import type { Artifact } from '../../src/contracts/media.ts';
import { artifactList } from '../../src/contracts/parts.ts';
import type { Message, ToolResult, ToolTier } from '../../src/contracts/model.ts';
import { asJson } from '../../src/values/json.ts';
import { engineActions, slot } from '../slot.ts';
import { toolCallMachine } from '../toolCall/toolCall.ts';
import { waitMachine } from '../wait.ts';
import type { AgentContext } from './context.ts';
import type { AgentEvent } from './events.ts';
import { agentDelaysOf, agentGuardsOf } from './guards.ts';
import { defaultAgentSettings } from './settings.ts';
import type * as effects from './effectTypes.ts';

/** The setup of an agent's machine without its actions: types, slots, delays, guards, and the actions of the engine. */
export const agentSetupBase = setup({
  types: {} as {
    context: AgentContext;
    input: AgentInput;
    events: AgentEvent;
    output: AgentOutput;
    tags: 'thinking' | 'acting' | 'paused' | 'recovering' | 'cleaning';
  },
  actors: {
    analyze: slot<effects.AnalysisOutput, effects.ModelCallInput>('analyze'),
    discover: slot<effects.DiscoveryOutput, { message: string; tier: ToolTier }>('discover'),
    plan: slot<effects.PlanOutput, effects.ModelCallInput>('plan'),
    callModel: slot<effects.ParsedAnswer, effects.ModelCallInput>('callModel'),
    runTool: slot<effects.ToolAnswer, effects.ToolRequest>('runTool'),
    toolCall: toolCallMachine,
    connectToolbelt: slot<null, effects.ToolbeltInput>('connectToolbelt'),
    listToolbelt: slot<effects.ToolbeltListing, effects.ToolbeltInput>('listToolbelt'),
    dropToolbelt: slot<null, effects.ToolbeltInput>('dropToolbelt'),
    verify: slot<effects.VerificationOutput, { message: string; answer: AgentAnswer; round: number }>('verify'),
    fallback: slot<effects.FallbackOutput, effects.FallbackInput>('fallback'),
    wait: waitMachine,
    cleanUp: slot<null, { status: AgentOutput['status'] }>('cleanUp'),
  },
  delays: agentDelaysOf(defaultAgentSettings),
  guards: {
    ...agentGuardsOf(defaultAgentSettings),
    failedIn: ({ context }, { phase }: { phase: Phase }) => context.phase === phase,
    isPauseWanted: stateIn({ active: { control: 'pausing' } }),
  },
  actions: engineActions,
});

/** An action of this machine. It has a name of its own because the whole type would be written out wherever an action is exported. */
export interface AgentAction extends ReturnType<typeof agentSetupBase.enqueueActions> {}

/** Checks actions by their names, and gives them the short type. */
export const agentActions = <Name extends string>(actions: Record<Name, AgentAction>): Record<Name, AgentAction> =>
  actions;

/** The action that adds a message to the transcript. */
export const appendToTranscript = (message: Message) => ({
  type: 'append' as const,
  params: { list: 'transcript', entry: asJson(message) },
});

/** The action that adds the results of one step to the transcript; none when there are none. A reader joins all results of a turn. */
export const appendResults = (results: readonly ToolResult[]) =>
  results.length > 0 ? [appendToTranscript({ role: 'tool', results: [...results] })] : [];

/** The actions that keep artifacts: messages refer to them by their ids. */
export const appendArtifacts = (artifacts: readonly Artifact[] = []) =>
  artifacts.map((artifact) => ({ type: 'append' as const, params: { list: artifactList, entry: asJson(artifact) } }));

/** The action that adds a record of what was done, for people. */
export const appendToTrajectory = (entry: Json) => ({ type: 'append' as const, params: { list: 'trajectory', entry } });
