/**
 * An agent: its own machine with the phases it asks for. Its effects answer one of each sort that the machine tells apart, and its counts
 * (steps, retries, rounds) are cut to one or two: what happens at a limit is seen, how high the limit is makes no difference.
 */
import type { AgentAnswer, AgentLimits } from '../../contracts/agent.ts';
import type { Json } from '../../contracts/json.ts';
import { jsonSchema } from '../../contracts/protocol.ts';
import type { ToolCallContext } from '../../../machines/toolCall.ts';
import type { AgentContext } from '../../../machines/agent/context.ts';
import { plainMember } from '../../../machines/member.ts';
import { compile } from '../../compile.ts';
import type { Delegate } from '../../delegate.ts';
import { inputOf, type AnyAgent, type AnyTeam } from '../../subject.ts';
import type { ActorType } from '../../system/actorType.ts';
import { systemClock } from '../../system/clock.ts';
import type { EffectData, TimerData } from '../../contracts/pending.ts';
import { keepContext, type Keep } from './abstraction.ts';
import { contractOf, deedsOf as workOf, keepMember } from './contract.ts';
import { deedsOf, type Delegated } from './deeds.ts';
import { asksPeople } from './member.ts';
import { keepGiven } from './ofMachine.ts';
import type { Settings } from './options.ts';
import { told } from './outcomes.ts';
import { bodiesOf } from './samples.ts';
import type { Stage } from './stage.ts';

const small: Partial<AgentLimits> = {
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
const steps = 2;

export function ofAgent(agent: AnyAgent, settings: Settings): Stage {
  const { handles, protocol, tools, toolbelt, deadline } = agent;
  const types = handles as readonly string[];
  const bodies = (type: string): readonly Json[] => {
    const parse = (body: unknown) => protocol!.parse(type, body) as Json;
    const given = settings.samples?.[type];
    return given ? given.map(parse) : bodiesOf(type, jsonSchema(protocol!.messages[type]!.body), parse);
  };
  const deeds = deedsOf({
    hasTools: tools.some((tool) => !isDelegate(tool)) || toolbelt.length > 0,
    delegations: delegations(agent),
    asksPeople: asksPeople(agent),
    writes: tools.some((tool) => !('effect' in tool) || tool.effect === 'write'),
    objectives: (agent.definition('').objectives ?? []).map(({ id }) => id),
    answers(message) {
      const replies: readonly string[] = protocol?.messages[message]?.replies ?? [];
      if (replies.length === 0) return [{ type: 'text', body: 'text' }];
      return replies.map((type): AgentAnswer => ({ type, body: bodies(type)[0] as never }));
    },
  });
  const made = (): readonly unknown[] =>
    types.length === 0 ? ['Do it.'] : types.flatMap((type) => bodies(type).map((body) => ({ type, body })));
  return {
    name: agent.name,
    type: typeOf(agent),
    inputs: (settings.input === undefined ? made() : [settings.input]).map((input) => inputOf(agent, input)),
    outside: [
      { type: 'agent.cancel', kind: 'signal', body: { reason: 'not needed' }, watched: true },
      { type: 'agent.pause', kind: 'signal', body: {}, watched: true },
      { type: 'agent.resume', kind: 'signal', body: {}, watched: true },
    ],
    steers: () => true,
    isHeld: ({ actors, root }) => actors.get(root)?.snapshot.tags.has('paused') === true,
    isNet: ({ birth }, { data }) =>
      deadline === undefined &&
      birth.parent === undefined &&
      (data as unknown as TimerData).event.type.startsWith('xstate.after.deadline.'),
    outcomes(actor, effect) {
      const { src, input } = effect.data as unknown as EffectData;
      return src === 'work' ? workOf(actor, effect, settings) : deeds[src]!(input);
    },
    tell: (_, effect, outcome) => told((effect.data as unknown as EffectData).src, outcome),
    keep: keepGiven(settings, keepAgent),
    label: (actor) => (actor.birth.parent === undefined ? agent.name : actor.type.name),
  };
}

function typeOf(agent: AnyAgent): ActorType {
  const never = { answer: () => Promise.reject(new Error('A check asks no model.')) };
  const definition: AnyAgent['definition'] = (message) => {
    const whole = agent.definition(message);
    return { ...whole, budget: { ...whole.budget, steps }, limits: { ...whole.limits, ...small } };
  };
  // Those it calls keep their contracts.
  const tools = agent.tools.map((tool) =>
    isDelegate(tool) ? { ...tool, subject: contractOf(tool.subject as AnyAgent | AnyTeam) } : tool,
  );
  return compile({ gateway: never, clock: systemClock(), opened: [] })({ ...agent, tools, definition });
}

const isDelegate = (tool: object): tool is Delegate => (tool as { kind?: unknown }).kind === 'delegate';

/** What a call of each of those it may call comes to. */
const delegations = ({ tools }: AnyAgent): Delegated[] =>
  tools.filter(isDelegate).map(({ name, subject, approval }) => {
    const type = subject.handles[0] ?? 'task';
    return { name, ask: approval, delegate: { who: plainMember, type, body: 'Do it.', left: {} } };
  });

/** What its guards look at. */
const keepAgent: Keep = (actor, clamp) => {
  const { id } = actor.type.chart.machine;
  if (id === 'member') return keepMember(actor);
  // Of a call, what came of it is in its end; until then where it stands says enough.
  if (id === 'toolCall') return [(actor.snapshot.context as ToolCallContext).attempts];
  if (id !== 'agent') return keepContext(actor, clamp);
  const context = actor.snapshot.context as AgentContext;
  const { used, tries, requeries, rounds, outcome, failure, calls, tools, toolFailures, inbox } = context;
  return [
    used.steps,
    tries as unknown as Json,
    requeries,
    rounds,
    outcome?.status ?? null,
    failure?.kind ?? null,
    calls.map(({ answered }) => answered !== undefined && answered),
    [tools.tier, tools.wanted ?? null, tools.missing.length],
    toolFailures,
    inbox.length,
  ] as Json;
};
