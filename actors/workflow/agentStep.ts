/** The actor of an agent step: its machine with every slot filled. */
import { lightCopy } from '../../src/core/lightCopy.ts';
import { deferred } from '../../src/values/deferred.ts';
import { toolCallMachine } from '../../machines/toolCall/toolCall.ts';
import { agentStepMachine } from '../../machines/workflow/agentStep.ts';
import { noDelegate } from '../agent.ts';
import { withActors } from '../withActors.ts';
import { askStepModel } from './agentStep/askModel.ts';
import { callStepTool, reconcileStepTool } from './agentStep/callStepTool.ts';
import type { AgentStepDeps } from './agentStep/deps.ts';
import { briefSubAgents } from './agentStep/briefSubAgents.ts';
import { discoverStepTools } from './agentStep/discoverTools.ts';

/** Makes the machine of agent steps, for as many tasks as there are. */
export function agentStepActor(deps: AgentStepDeps): typeof agentStepMachine {
  const runTool = callStepTool(deps);
  const toolCall = lightCopy(toolCallMachine, {
    actors: { runTool, reconcile: reconcileStepTool(deps), delegate: noDelegate },
  });
  const machine = lightCopy(agentStepMachine, {
    actors: { discover: discoverStepTools(deps), ask: askStepModel(deps), runTool, toolCall, brief: briefSubAgents },
  });
  // A sub-agent is such a machine itself; it is made when the first one is called.
  return withActors(machine, { subAgent: deferred(agentStepMachine, ['id'], () => agentStepActor(deps)) });
}
