/**
 * The model of an agent: its own machine with the phases it asks for. Its effects have one outcome of each kind that the machine distinguishes,
 * and its limits (steps, retries, rounds) are cut to one or two: what happens at a limit is explored, and a higher limit adds nothing new.
 */
import type { AgentAnswer, AgentLimits } from '../../contracts/agent.ts';
import type { Json } from '../../values/json.ts';

import { defaultMember } from '../../../machines/member.ts';
import { compile } from '../../runtime/compile/compile.ts';
import { agent } from '../../define/agent.ts';
import type { Delegate } from '../../define/delegate.ts';
import type { MachineRunnable } from '../../define/machine.ts';
import { runInput, type AnyAgent, type AnyTeam } from '../../define/runnable.ts';
import type { ActorType } from '../../core/actorType.ts';
import { systemClock } from '../../engine/clock.ts';
import { knownJson } from '../jsonValues.ts';
import { present } from '../present.ts';
import { projectContext, type Projection } from './abstraction.ts';
import { contextOf } from './contexts.ts';
import { bodiesFor, contractOf, memberOutcomes as workOf, projectMember } from './contract.ts';
import { agentOutcomes, type DelegatedCall } from './agentOutcomes.ts';
import { asksPeople } from './member.ts';
import { projectGiven } from './machineModel.ts';
import type { CheckSettings } from './options.ts';
import { outcomeWords } from './effectOutcomes.ts';
import { isDeadlineTimer, type CheckModel } from './model.ts';

/** Limits for the model. */
const smallLimits: Partial<AgentLimits> = {
  maxRetries: 1,
  maxAlternatives: 1,
  maxFallbacks: 1,
  maxRecoveries: 1,
  maxRequeries: 1,
  maxVerifyRounds: 1,
  maxToolFailures: 1,
  maxRepeats: 3,
  evalEvery: 1,
  demoteAfter: 1,
  toolbeltPause: 1,
};
const smallSteps = 2;

/** The model of an agent. Throws `invalid` or `definition` for an input or samples that do not fit. */
export function agentModel(agent: AnyAgent, settings: CheckSettings): CheckModel {
  const { protocol, tools, toolbelt, deadline } = agent;
  const types: readonly string[] = agent.handles;
  const bodies = (type: string): readonly Json[] => (protocol ? bodiesFor(protocol, type, settings) : []);
  const outcomes = agentOutcomes({
    hasTools: tools.some((tool) => !isDelegate(tool)) || toolbelt.length > 0,
    delegations: delegations(agent),
    asksPeople: asksPeople(agent),
    writes: tools.some((tool) => !('effect' in tool) || tool.effect === 'write'),
    objectives: (agent.definition('').objectives ?? []).map(({ id }) => id),
    answers(message) {
      const replies: readonly string[] = protocol?.messages[message]?.replies ?? [];
      if (replies.length === 0) return [{ type: 'text', body: 'text' }];
      return replies.map((type): AgentAnswer => ({ type, body: knownJson(bodies(type)[0]) }));
    },
  });
  const inputs = (): readonly unknown[] =>
    types.length === 0 ? ['Do it.'] : types.flatMap((type) => bodies(type).map((body) => ({ type, body })));
  return {
    name: agent.name,
    numbers: settings.numbers,
    type: typeOf(agent),
    inputs: (settings.input === undefined ? inputs() : [settings.input]).map((input) => runInput(agent, input)),
    external: [
      { type: 'agent.cancel', kind: 'signal', body: { reason: 'not needed' }, watched: true },
      { type: 'agent.pause', kind: 'signal', body: {}, watched: true },
      { type: 'agent.resume', kind: 'signal', body: {}, watched: true },
    ],
    isInterference: () => true,
    isHeld: ({ actors, root }) => actors.get(root)?.snapshot.tags.has('paused') === true,
    isDefaultTimer: ({ spawnInfo }, timer) =>
      deadline === undefined && spawnInfo.parent === undefined && isDeadlineTimer(timer),
    outcomes(actor, effect) {
      const { src, input } = effect.data;
      if (src === 'work') return workOf(actor, effect, settings);
      return present(outcomes[src], `What the effect "${src}" of an agent may give`)(input);
    },
    tell: (_, effect, outcome) => outcomeWords(effect.data.src, outcome),
    project: projectGiven(settings, keepAgent),
    label: (actor) => (actor.spawnInfo.parent === undefined ? agent.name : actor.type.name),
  };
}

function typeOf(agent: AnyAgent): ActorType {
  const never = { answer: () => Promise.reject(new Error('A check asks no model.')) };
  const definition: AnyAgent['definition'] = (message) => {
    const whole = agent.definition(message);
    return {
      ...whole,
      budget: { ...whole.budget, steps: smallSteps },
      limits: { ...whole.limits, ...smallLimits },
    };
  };
  // The agents and teams that it calls are reduced to their contracts.
  const tools = agent.tools.map((tool) =>
    isDelegate(tool) && tool.subject.kind !== 'machine'
      ? { ...tool, subject: contractOf(contracted(tool.subject)) }
      : tool,
  );
  return compile({ gateway: never, clock: systemClock(), opened: [] })({ ...agent, tools, definition });
}

/** A flow is code: here it is a piece of work that ends in some way. */
const contracted = (subject: Exclude<Delegate['subject'], MachineRunnable>): AnyAgent | AnyTeam =>
  // The other kinds that a delegate may have were checked when it was defined.
  subject.kind === 'flow' ? agent({ name: subject.name, model: 'none:none' }) : (subject as AnyAgent | AnyTeam);

const isDelegate = (tool: AnyAgent['tools'][number]): tool is Delegate => 'kind' in tool && tool.kind === 'delegate';

/** A call of each agent and team that it may call. */
const delegations = ({ tools }: AnyAgent): DelegatedCall[] =>
  tools.filter(isDelegate).map(({ name, subject, approval }) => {
    const type = 'handles' in subject ? (subject.handles[0] ?? 'task') : 'task';
    return { name, ask: approval, delegate: { who: defaultMember, type, body: 'Do it.', left: {} } };
  });

/** The part of each context that the guards look at. */
const keepAgent: Projection = (actor, outline) => {
  if (contextOf(actor, 'member')) return projectMember(actor);
  const toolCall = contextOf(actor, 'toolCall');
  // The state of a call says enough until it ends, and then its output does.
  if (toolCall) return [toolCall.attempts];
  const context = contextOf(actor, 'agent');
  if (!context) return projectContext(actor, outline);
  const { used, tries, requeries, rounds, outcome, failure, calls, tools, toolFailures, inbox } = context;
  return [
    used.steps,
    knownJson(tries),
    requeries,
    rounds,
    outcome?.status ?? null,
    failure?.kind ?? null,
    calls.map(({ answered }) => answered !== undefined && knownJson(answered)),
    [tools.tier, tools.wanted ?? null, tools.missing.length],
    knownJson(toolFailures),
    inbox.length,
  ];
};
