/** The actor of an agent step: its machine with every slot filled. */
import { lightCopy } from '../../src/core/lightCopy.ts';
import { toolCallMachine } from '../../machines/toolCall/toolCall.ts';
import { agentStepMachine } from '../../machines/workflow/agentStep.ts';
import { noDelegate } from '../agent.ts';
import { askStepModel } from './agentStep/askModel.ts';
import { callStepTool, reconcileStepTool } from './agentStep/callStepTool.ts';
import type { AgentStepDeps } from './agentStep/deps.ts';
import { discoverStepTools } from './agentStep/discoverTools.ts';

/** Makes the machine of agent steps, for as many tasks as there are. */
export function agentStepActor(deps: AgentStepDeps): typeof agentStepMachine {
  const runTool = callStepTool(deps);
  const toolCall = lightCopy(toolCallMachine, {
    actors: { runTool, reconcile: reconcileStepTool(deps), delegate: noDelegate },
  });
  return lightCopy(agentStepMachine, {
    actors: { discover: discoverStepTools(deps), ask: askStepModel(deps), runTool, toolCall },
  });
}
