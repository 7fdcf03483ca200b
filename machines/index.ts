/** The statecharts of Troupe. Reading them explains the product; the engine runs them. */
export { agentMachine, agentWith } from './agent/agent.ts';
export { defaultAgentBudget, defaultAgentLimits, defaultAgentSettings, type AgentSettings } from './agent/settings.ts';
export type * from './agent/effectTypes.ts';
export { runMachine, runWith } from './run/run.ts';
export { defaultRunLimits, defaultRunSettings, type RunSettings } from './run/settings.ts';
export type { RouteDecision, RouteInput } from './run/events.ts';
export { routerMachine, routerWith } from './router/router.ts';
export {
  defaultRotation,
  defaultRouterSettings,
  type RouterSettings,
  type RoutingStrategy,
} from './router/settings.ts';
export type { SelectionOutput, SelectionInput } from './router/events.ts';
export type { ToolCallInput, WriteReconciliation } from './toolCall/context.ts';
export { toolCallMachine } from './toolCall/toolCall.ts';
export { machineWorkMachine } from './machineWork.ts';
export { poolMachine } from './pool.ts';
export { agentStepMachine } from './workflow/agentStep.ts';
export { toolServerMachine } from './toolServer.ts';
export { gatewayMachine } from './gateway.ts';
export { guardrailMachine, guardrailWith } from './guardrail/guardrail.ts';
export { defaultGuardrailSettings, type GuardrailSettings } from './guardrail/settings.ts';
export { eventContextOf, type EventContext } from '../src/contracts/eventContext.ts';
export { waitMachine } from './wait.ts';
export { workflowMachine, workflowWith } from './workflow/workflow.ts';
export { fanOutMachine } from './workflow/fanOut.ts';
export { defaultWorkflowSettings, type WorkflowSettings } from './workflow/settings.ts';
export { engineActions, slot, type MessageMeta } from './slot.ts';
export { treasurerMachine } from './treasury/treasurer.ts';
export { flowMachine } from './flow/flow.ts';
