/** What can be run, and what it comes to for the engine: an actor type with every slot filled. */
import type { AnyStateMachine } from 'xstate';
import * as z from 'zod';
import { agentActor } from '../actors/agent.ts';
import { routerActor } from '../actors/router.ts';
import { runActor } from '../actors/run.ts';
import { delegateSource, type Membership } from '../machines/member.ts';
import { toolServer } from '../actors/toolServer.ts';
import type { AgentDeps, Delegate as Deputy, ModelDoor } from '../actors/tools.ts';
import { defaultLimits } from '../machines/agent/limits.ts';
import { defaultRunLimits } from '../machines/run/limits.ts';
import type { Agent } from './agent.ts';
import { AgentSignal } from './contracts/agent.ts';
import type { Clock } from './contracts/clock.ts';
import { milliseconds } from './contracts/duration.ts';
import { came } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import type { Json } from './contracts/json.ts';
import { RunSignal } from './contracts/run.ts';
import { RouterSignal } from './contracts/task.ts';
import type { ToolSource } from './contracts/tool.ts';
import { WaitSignal } from './contracts/wait.ts';
import { WorkDone } from './contracts/work.ts';
import type { MachineSubject } from './machine.ts';
import { settingsOf, tasksOf } from './orchestra.ts';
import type { Orchestrator } from './orchestrator.ts';
import { mcpServer as connect } from './mcp/server.ts';
import type { ServerDefinition } from './servers.ts';
import { selectBy } from './routers.ts';
import { actorType, type ActorType, type ActorTypeOptions } from './system/actorType.ts';
import { requireInput } from './contracts/plain.ts';
import type { Delegate } from './delegate.ts';
import { requireDepth } from './depth.ts';
import type { Member, Part, Standing } from './member.ts';
import type { Team } from './team.ts';
import { catalog } from './tools/catalog.ts';
import { held } from './tools/held.ts';
import { localTools } from './tools/local.ts';
import type { Tool } from './tools/tool.ts';

/* oxlint-disable typescript/no-explicit-any -- A run takes agents and teams of any protocol; their message types were checked where they were defined. */
export type AnyAgent = Agent<any, any>;
export type AnyTeam = Team<any, any, any>;
export type Subject = AnyAgent | AnyTeam | MachineSubject | Orchestrator;
/* oxlint-enable typescript/no-explicit-any */

export const isSubject = (value: unknown): value is Subject =>
  ['agent', 'team', 'machine', 'orchestrator'].includes(String((value as Partial<Subject> | null | undefined)?.kind));

function requireSubject(value: unknown): asserts value is Subject {
  if (isSubject(value)) return;
  throw new TroupeError(
    'definition',
    `What runs is an agent({ … }), a team({ … }), an orchestrator({ … }) or a machine(chart); got ${came(value)}.`,
  );
}

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
  signals: AgentSignal,
  endsByDeadline: true,
  children: { toolCall: { children: ticketOptions } },
};

const isDelegate = (tool: object): tool is Delegate => (tool as { kind?: unknown }).kind === 'delegate';

/** What a run hears at its door: signals, and what those that stand have done. */
export const runSignals = z.union([RunSignal, WorkDone]);

export const membershipOf = ({ kind, takes, gives, ...rest }: Member): Membership => {
  const { returns } = rest as { returns?: string };
  const called = kind === 'team' ? (gives ?? returns) : gives;
  return {
    kind: kind === 'agent' || kind === 'team' ? kind : 'standing',
    ...(takes === undefined ? {} : { takes }),
    ...(called === undefined ? {} : { gives: called }),
  };
};

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
    if (member.kind === 'agent') return agentPart(member as AnyAgent);
    if (member.kind === 'team') return teamPart(member as AnyTeam);
    return (member as Standing).part(partOf);
  };

  function teamPart(team: AnyTeam): Part {
    const { supervise, budget, deadline, maxTurns } = team.options;
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
      settings: { limits, ...(budget ? { budget } : {}) },
    });
    const { within, ...rest } = supervise ?? {};
    const options: ActorTypeOptions = {
      signals: runSignals,
      endsByDeadline: true,
      deadline: limits.deadline ?? defaultRunLimits.deadline,
      supervise: { ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) },
      children: Object.fromEntries(parts.map(([name, part]) => [name, part.options])),
    };
    return { machine, options };
  }

  function typeOf(subject: Subject): ActorType {
    if (subject.kind === 'machine') return subject.type;
    if (subject.kind === 'orchestrator') return orchestratorType(subject);
    requireDepth(subject);
    const { machine, options } = partOf(subject);
    return actorType(machine, options);
  }

  function orchestratorType(subject: Orchestrator): ActorType {
    const { router } = subject;
    const parts = subject.members.map(({ id, agent }) => [id, partOf(agent)] as const);
    const machine = routerActor({
      settings: settingsOf(subject),
      members: Object.fromEntries(parts.map(([id, part]) => [id, part.machine])),
      ...(router.chooser ? { select: selectBy(router.chooser, surroundings.gateway) } : {}),
    });
    return actorType(machine, {
      signals: RouterSignal,
      endsByDeadline: true,
      children: Object.fromEntries(parts.map(([id, part]) => [id, part.options])),
    });
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

/** What a run of a subject starts with, checked against its contract. Throws `invalid` or `unknown_message`. */
export function inputOf(subject: Subject, input: unknown): Json {
  const what = `What "${subject.name}" is given`;
  switch (subject.kind) {
    case 'machine':
      return requireInput(what, input);
    case 'team':
      return requireInput(what, { type: subject.accepts, body: subject.protocol.parse(subject.accepts, input) });
    case 'orchestrator':
      return requireInput(what, tasksOf(subject, input));
    case 'agent': {
      if (!subject.protocol || subject.handles.length === 0) {
        if (typeof input === 'string' && input.trim() !== '') return requireInput(what, { type: 'task', body: input });
        throw new TroupeError(
          'invalid',
          `The agent "${subject.name}" takes a text; got ${input === '' ? 'an empty one' : came(input)}.`,
        );
      }
      const { type, body } = (input ?? {}) as { type?: string; body?: unknown };
      if (type === undefined || !subject.handles.includes(type)) {
        throw new TroupeError(
          'unknown_message',
          `The agent "${subject.name}" takes { "type": ${subject.handles.map((name: string) => JSON.stringify(name)).join(' | ')}, "body": … }; got ${came(input)}.`,
        );
      }
      return requireInput(what, { type, body: subject.protocol.parse(type, body) });
    }
  }
}
