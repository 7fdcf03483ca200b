/** What a subject comes to for the engine: an actor type with every slot filled. */
import type { AnyStateMachine } from 'xstate';
import * as z from 'zod';
import { agentActor } from '../actors/agent.ts';
import { routerActor } from '../actors/router.ts';
import { guardrailChain, type Guardrail } from '../actors/guardrail.ts';
import { runActor } from '../actors/run.ts';
import { GuardrailMail } from './contracts/guardrail.ts';
import { ownTypes } from './contracts/ids.ts';
import { inOrder } from './guarded.ts';
import { delegateSource } from '../machines/member.ts';
import { toolServer } from '../actors/toolServer.ts';
import type { AgentDeps, Delegate as Deputy, ModelDoor } from '../actors/tools.ts';
import { defaultLimits } from '../machines/agent/limits.ts';
import { defaultRunLimits } from '../machines/run/limits.ts';
import { AgentSignal } from './contracts/agent.ts';
import type { Clock } from './contracts/clock.ts';
import { milliseconds } from './contracts/duration.ts';
import { RunSignal } from './contracts/run.ts';
import { RouterSignal } from './contracts/task.ts';
import type { ToolSource } from './contracts/tool.ts';
import { TreasuryAnswer, TreasuryLease, TreasurySignal } from './contracts/treasury.ts';
import { WaitSignal } from './contracts/wait.ts';
import { Work, WorkDone, WorkSignal } from './contracts/work.ts';
import { settingsOf } from './orchestra.ts';
import type { Orchestrator } from './orchestrator.ts';
import { mcpServer as connect } from './mcp/server.ts';
import type { ServerDefinition } from './servers.ts';
import { selectBy } from './routers.ts';
import { requireSubject, type AnyAgent, type AnyGuarded, type AnyTeam, type Subject } from './subject.ts';
import type { ActorType, ActorTypeOptions } from './system/actorType.ts';
import { actorType } from './system/nodePlatform.ts';
import type { Delegate } from './delegate.ts';
import { requireDepth } from './depth.ts';
import { membershipOf, type Member, type Part, type Standing } from './member.ts';
import { catalog } from './tools/catalog.ts';
import { held } from './tools/held.ts';
import { localTools } from './tools/local.ts';
import type { Tool } from './tools/tool.ts';

export interface Surroundings {
  readonly gateway: ModelDoor;
  readonly clock: Clock;
  /** Where what was opened is left, to be closed with the runtime. */
  readonly opened: AsyncDisposable[];
  /** What is done to every type before it is used. */
  readonly prepare?: ((type: ActorType) => ActorType) | undefined;
}

const ticketOptions = { wait: { signals: WaitSignal } };
/** What an agent's signals and tickets may hold, checked at the door. */
const agentOptions: ActorTypeOptions = {
  signals: AgentSignal.or(TreasuryAnswer),
  endsByDeadline: true,
  children: { toolCall: { children: ticketOptions }, ...ticketOptions },
};

const treasurerOptions: ActorTypeOptions = { signals: TreasurySignal, children: ticketOptions };

const isDelegate = (tool: object): tool is Delegate => (tool as { kind?: unknown }).kind === 'delegate';

/** What a run hears at its door: signals, what those that stand have done, and words about money. */
export const runSignals = z.union([RunSignal, WorkDone, TreasuryLease, TreasuryAnswer]);
/** A router the same, and work where it is a member itself. */
export const routerMail = z.union([RouterSignal, Work, WorkSignal, WorkDone, TreasuryLease, TreasuryAnswer]);

/**
 * Guardrails as one standing machine, for whoever has members of its own: it takes `work` with `to`, and answers with `work.done`.
 * `options` are for the actor type it is a child of. Throws `definition`.
 * @example const { machine, options } = guardChain([guardrails.timeout({ max: '2m' })], { clerk: { machine, options } })
 */
export function guardChain(
  guardrails: readonly Guardrail[],
  supervised: Readonly<Record<string, Part>>,
  { bare = false }: { readonly bare?: boolean } = {},
): Part & { readonly name: string } {
  const [first, ...rest] = inOrder(guardrails, Object.keys(supervised));
  const of = (what: 'machine' | 'options') =>
    Object.fromEntries(Object.entries(supervised).map(([name, parts]) => [name, parts[what]]));
  const machines = of('machine') as Record<string, AnyStateMachine>;
  const machine = guardrailChain({ guardrails: [first!, ...rest], supervised: machines, bare });
  const standing = (children: NonNullable<ActorTypeOptions['children']>): ActorTypeOptions => ({
    signals: GuardrailMail,
    endsByDeadline: true,
    children: { wait: { signals: WaitSignal }, ...children },
  });
  const last = standing(of('options') as NonNullable<ActorTypeOptions['children']>);
  const options = rest.reduceRight((below, { id }) => standing({ [id]: below }), last);
  return { name: first!.id, machine, options };
}

/** Makes actor types out of subjects; the same subject always gives the same one. */
export function compile(surroundings: Surroundings): (subject: Subject) => ActorType {
  const types = new WeakMap<Subject, ActorType>();
  const servers = new WeakMap<object, ToolSource>();

  /** What somebody else made stays open for them. */
  const open = (definition: ServerDefinition | ToolSource): ToolSource => {
    if (!('kind' in definition)) return definition;
    const { place, options } = definition;
    const source = connect(place, options, { clock: surroundings.clock, keep: toolServer });
    surroundings.opened.push(source);
    return source;
  };
  const shared = (definition: ServerDefinition | ToolSource): ToolSource => {
    const source = servers.get(definition) ?? open(definition);
    servers.set(definition, source);
    return source;
  };

  const depsOf = ({ tools, toolbelt, allow, cleanUp }: AnyAgent): AgentDeps => {
    const own = tools.filter((tool): tool is Tool => 'run' in tool);
    const isOther = (tool: (typeof tools)[number]): tool is ServerDefinition | ToolSource =>
      !('run' in tool) && !isDelegate(tool);
    const sources = tools.filter(isOther).map(shared);
    const delegates = tools.filter(isDelegate).map(delegateOf);
    const all = [...(own.length > 0 ? [localTools(own)] : []), ...sources];
    return {
      gateway: surroundings.gateway,
      ...(all.length > 0 ? { tools: catalog(all) } : {}),
      ...(delegates.length > 0 ? { delegates } : {}),
      ...(toolbelt.length > 0 ? { toolbelt: held(toolbelt.map(open)) } : {}),
      ...(allow ? { allow } : {}),
      ...(cleanUp ? { cleanUp } : {}),
    };
  };
  const optionsOf = (agent: AnyAgent): ActorTypeOptions => ({
    ...agentOptions,
    deadline: agent.definition('').limits?.deadline ?? defaultLimits.deadline,
  });
  const machineOf = (agent: AnyAgent): AnyStateMachine =>
    agentActor((message) => agent.definition(message), depsOf(agent));

  function agentPart(agent: AnyAgent): Part {
    const calls = agent.tools.filter(isDelegate).map(({ name, subject }): [string, ActorTypeOptions] => {
      const { options } = partOf(subject);
      return [delegateSource(name), { children: { ...ticketOptions, delegate: options } }];
    });
    return {
      machine: machineOf(agent),
      options: { ...optionsOf(agent), children: { ...agentOptions.children, ...Object.fromEntries(calls) } },
    };
  }

  const delegateOf = ({ subject, name, description, approval, schema, message }: Delegate): Deputy => ({
    info: {
      name,
      description,
      input: schema,
      effect: 'read',
      tier: 'core',
      capabilities: [],
      approval,
      source: 'local',
    },
    who: membershipOf(subject),
    machine: partOf(subject).machine,
    message,
  });

  /** What a member of a team comes to. */
  const partOf = (member: Member): Part => {
    // Whoever says itself what it is run by is asked first.
    if ('part' in member) return (member as Standing).part(partOf);
    if (member.kind === 'agent') return agentPart(member as AnyAgent);
    if (member.kind === 'team') return teamPart(member as AnyTeam);
    if (member.kind === 'orchestrator' && 'router' in member)
      return orchestratorPart(member as unknown as Orchestrator);
    return guardedPart(member as unknown as AnyGuarded);
  };

  function teamPart(team: AnyTeam): Part {
    const { supervise, budget, onExhausted, deadline, maxTurns } = team.options;
    const members = Object.entries(team.members as Readonly<Record<string, Member>>);
    const parts = members.map(([name, member]) => [name, partOf(member)] as const);
    const limits = {
      ...(deadline === undefined ? {} : { deadline: milliseconds(deadline) }),
      ...(maxTurns === undefined ? {} : { maxTurns }),
    };
    const machine = runActor({
      next: (said) => team.next(said) as never,
      members: Object.fromEntries(parts.map(([name, part]) => [name, part.machine])),
      memberships: Object.fromEntries(members.map(([name, member]) => [name, membershipOf(member)])),
      settings: { limits, name: team.name, ...(budget ? { budget } : {}), ...(onExhausted ? { onExhausted } : {}) },
    });
    const { within, ...rest } = supervise ?? {};
    const options: ActorTypeOptions = {
      signals: runSignals,
      endsByDeadline: true,
      deadline: limits.deadline ?? defaultRunLimits.deadline,
      supervise: { ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) },
      children: {
        ...Object.fromEntries(parts.map(([name, part]) => [name, part.options])),
        treasurer: treasurerOptions,
      },
    };
    return { machine, options };
  }

  function guardedPart({ subject, guardrails, bare }: AnyGuarded): Part & { readonly name: string } {
    const inner = subject as AnyAgent | AnyTeam | AnyGuarded;
    // Its actors are called as it is, unless the runtime means something else by that.
    const name = ownTypes.has(inner.name) ? 'subject' : inner.name;
    return guardChain(guardrails, { [name]: partOf(inner as unknown as Member) }, { bare });
  }

  function typeOf(subject: Subject): ActorType {
    if (subject.kind === 'machine') return subject.type;
    requireDepth(subject);
    const { machine, options, ...named } =
      subject.kind === 'guarded' ? guardedPart(subject) : partOf(subject as Member);
    return actorType(machine, { ...options, ...named });
  }

  function orchestratorPart(subject: Orchestrator): Part {
    const { router, guardrails } = subject;
    const parts = subject.members.map(({ id, agent }) => [id, partOf(agent as Member)] as const);
    const guard = guardrails.length > 0 ? guardChain(guardrails, Object.fromEntries(parts)) : undefined;
    const machine = routerActor({
      settings: settingsOf(subject),
      ...(guard ? { guard: guard.machine } : {}),
      members: Object.fromEntries(parts.map(([id, part]) => [id, part.machine])),
      ...(router.chooser ? { select: selectBy(router.chooser, surroundings.gateway) } : {}),
    });
    const options: ActorTypeOptions = {
      signals: routerMail,
      endsByDeadline: true,
      children: {
        ...Object.fromEntries(parts.map(([id, part]) => [id, part.options])),
        ...(guard ? { guard: { ...guard.options, name: guard.name } } : {}),
      },
    };
    return { machine, options };
  }

  return (subject) => {
    requireSubject(subject);
    const known = types.get(subject);
    if (known) return known;
    const made = typeOf(subject);
    const type = surroundings.prepare?.(made) ?? made;
    types.set(subject, type);
    return type;
  };
}
