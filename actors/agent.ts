/** The actor of an agent: its machine with every slot filled from its definition, a gateway and tools. */
import type { AgentDefinition, AgentInput, AgentOutput } from '../src/contracts/agent.ts';
import { lightCopy } from '../src/core/lightCopy.ts';
import { TroupeError } from '../src/values/failure.ts';
import type { FlowEnd, FlowStart } from '../src/contracts/flow/flow.ts';
import type { RunInput, RunOutput } from '../src/contracts/run.ts';
import { deferred } from '../src/values/deferred.ts';
import { withDefaults } from '../src/values/json.ts';
import { agentMachine, agentWith } from '../machines/agent/agent.ts';
import { defaultAgentBudget, defaultAgentLimits, type AgentSettings } from '../machines/agent/settings.ts';
import { delegateActorName } from '../machines/member.ts';
import type { ModelCallInput } from '../machines/agent/effectTypes.ts';
import { delegatedCallMachine, toolCallMachine } from '../machines/toolCall/toolCall.ts';
import { analyze } from './analyze.ts';
import { callModel, type DefinitionFor } from './callModel.ts';
import { discover } from './discover.ts';
import { anew, effect, knownBy } from './effect.ts';
import { withActors } from './withActors.ts';
import { modelsOf } from './modelChoice.ts';
import { plan } from './plan.ts';
import { isAnswerLimited } from './reserve.ts';
import { cleanUpAgent, fallbackModel } from './fallback.ts';
import { reconcile, runTool } from './runTool.ts';
import { connectToolbelt, dropToolbelt, listToolbelt } from './toolbelt.ts';
import type { AgentDeps } from './tools.ts';
import { verify } from './verify.ts';

/** The settings of the machine that follow from a definition; what it does not say is as by default. */
export function agentSettingsOf(definition: AgentDefinition, deps: AgentDeps): AgentSettings {
  return {
    limits: withDefaults(defaultAgentLimits, definition.limits),
    budget: withDefaults(defaultAgentBudget, definition.budget),
    onInput: definition.onInput ?? 'merge',
    onExhausted: definition.onExhausted ?? 'fail',
    models: modelsOf(definition.model, deps.gateway).length + (definition.fallbacks ?? []).length,
    name: definition.name,
    analysis: definition.analysis === 'model',
    discovery: deps.tools !== undefined || (definition.requires ?? []).length > 0,
    planning: definition.planning === 'model',
    verification: (definition.objectives ?? []).length > 0,
    toolbelt: deps.toolbelt !== undefined,
    cleanup: deps.toolbelt !== undefined || deps.cleanUp !== undefined,
    lends: (deps.delegates ?? []).length > 0,
    reserves: deps.isMember === true && isAnswerLimited(definition, deps.gateway),
    borrowsEarly: deps.isMember === true && (definition.analysis === 'model' || definition.planning === 'model'),
  };
}

/**
 * Makes the actor of an agent, once it has work. A definition may be a function of the type of the task's message, because the replies depend on it.
 * @example actorType(agentActor(definition, { gateway, tools }), { name: 'researcher' })
 */
export function agentActor(definition: AgentDefinition | DefinitionFor, deps: AgentDeps) {
  const define: DefinitionFor = typeof definition === 'function' ? madeOnce(definition) : () => definition;
  const settings = agentSettingsOf(define(''), deps);
  return deferred(agentMachine, ['id'], () => filledAgent(define, settings, deps));
}

/** A definition is made once for each type of message: what follows from it, such as the JSON Schemas of its replies, is kept with it. */
function madeOnce(define: DefinitionFor): DefinitionFor {
  const made = new Map<string, AgentDefinition>();
  return (message) => {
    const known = made.get(message);
    if (known) return known;
    // Types may come from outside, so their number is not limited otherwise.
    if (made.size >= maxDefinitions) made.clear();
    const definition = define(message);
    made.set(message, definition);
    return definition;
  };
}

const maxDefinitions = 100;

function filledAgent(define: DefinitionFor, settings: AgentSettings, deps: AgentDeps) {
  const machine = lightCopy(agentWith(settings), {
    actors: {
      analyze: knownBy(analyze(define, deps), modelStep),
      discover: anew(discover(define, deps)),
      plan: knownBy(plan(define, deps), modelStep),
      callModel: knownBy(callModel(define, settings.limits, deps), modelStep),
      runTool: runTool(deps),
      toolCall: toolCallActor(deps),
      connectToolbelt: anew(connectToolbelt(deps)),
      listToolbelt: anew(listToolbelt(define, deps)),
      dropToolbelt: anew(dropToolbelt(deps)),
      verify: anew(verify(define)),
      fallback: anew(fallbackModel(define)),
      cleanUp: anew(cleanUpAgent(deps)),
    },
  });
  return withActors(machine, delegatesOf(deps));
}

/** An answer of the model is the same step whatever was left for it: a retry with a larger budget asks no model twice. */
const modelStep = ({ message, step }: ModelCallInput) => ({ message, step });

const callActors = (deps: AgentDeps) => ({
  actors: { runTool: runTool(deps), reconcile: reconcile(deps), delegate: noDelegate },
});
const toolCallActor = (deps: AgentDeps) =>
  deferred(toolCallMachine, ['id'], () => lightCopy(toolCallMachine, callActors(deps)));
const delegatedCallActor = (deps: AgentDeps) => lightCopy(delegatedCallMachine, callActors(deps));

/** A call of a tool is never handed on; only calls of delegates are. */
export const noDelegate = effect<AgentOutput | RunOutput | FlowEnd, AgentInput | RunInput | FlowStart>(() =>
  Promise.reject(new TroupeError('internal', 'A call without a delegate was delegated.')),
);

/** For each delegate a call whose slot `delegate` is that agent or team. The engine hosts a machine in a slot as a child. */
const delegatesOf = (deps: AgentDeps) =>
  Object.fromEntries(
    (deps.delegates ?? []).map(({ info, machine }) => [
      delegateActorName(info.name),
      withActors(delegatedCallActor(deps), { delegate: machine }),
    ]),
  );
