/** What can be run, and what it comes to for the engine: an actor type with every slot filled. */
import type { AnyStateMachine } from 'xstate';
import { agentActor } from '../actors/agent.ts';
import { routerActor } from '../actors/router.ts';
import { runActor } from '../actors/run.ts';
import { toolServer } from '../actors/toolServer.ts';
import type { AgentDeps, ModelDoor } from '../actors/tools.ts';
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
import type { MachineSubject } from './machine.ts';
import { settingsOf, tasksOf } from './orchestra.ts';
import type { Orchestrator } from './orchestrator.ts';
import { mcpServer as connect } from './mcp/server.ts';
import type { ServerDefinition } from './servers.ts';
import { selectBy } from './routers.ts';
import { actorType, type ActorType, type ActorTypeOptions } from './system/actorType.ts';
import { requireInput } from './contracts/plain.ts';
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

/** What an agent's signals and tickets may hold, checked at the door. */
const agentOptions: ActorTypeOptions = {
  signals: AgentSignal,
  endsByDeadline: true,
  children: { toolCall: { children: { wait: { signals: WaitSignal } } } },
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
    const sources = tools.filter((tool): tool is ServerDefinition | ToolSource => !('run' in tool)).map(shared);
    const all = [...(own.length > 0 ? [localTools(own)] : []), ...sources];
    return {
      gateway: surroundings.gateway,
      ...(all.length > 0 ? { tools: catalog(all) } : {}),
      ...(toolbelt.length > 0 ? { toolbelt: held(toolbelt.map(open)) } : {}),
      ...(allow ? { allow } : {}),
      ...(cleanUp ? { cleanUp } : {}),
    };
  };
  const machineOf = (agent: AnyAgent): AnyStateMachine =>
    agentActor((message) => agent.definition(message), depsOf(agent));

  function teamType(team: AnyTeam): ActorType {
    const { supervise, budget, deadline, maxTurns } = team.options;
    const members = Object.entries(team.members);
    const limits = {
      ...(deadline === undefined ? {} : { deadline: milliseconds(deadline) }),
      ...(maxTurns === undefined ? {} : { maxTurns }),
    };
    const machine = runActor({
      next: (said) => team.next(said) as never,
      members: Object.fromEntries(members.map(([name, member]) => [name, machineOf(member)])),
      settings: { limits, ...(budget ? { budget } : {}) },
    });
    const { within, ...rest } = supervise ?? {};
    return actorType(machine, {
      signals: RunSignal,
      endsByDeadline: true,
      supervise: { ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) },
      children: Object.fromEntries(members.map(([name]) => [name, agentOptions])),
    });
  }

  function orchestratorType(subject: Orchestrator): ActorType {
    const { members, router } = subject;
    const machine = routerActor({
      settings: settingsOf(subject),
      members: Object.fromEntries(members.map(({ id, agent }) => [id, machineOf(agent)])),
      ...(router.chooser ? { select: selectBy(router.chooser, surroundings.gateway) } : {}),
    });
    return actorType(machine, {
      signals: RouterSignal,
      endsByDeadline: true,
      children: Object.fromEntries(members.map(({ id }) => [id, agentOptions])),
    });
  }

  function made(subject: Subject): ActorType {
    switch (subject.kind) {
      case 'machine':
        return subject.type;
      case 'agent':
        return actorType(machineOf(subject), agentOptions);
      case 'team':
        return teamType(subject);
      case 'orchestrator':
        return orchestratorType(subject);
    }
  }

  return (subject) => {
    requireSubject(subject);
    const known = types.get(subject);
    if (known) return known;
    const fresh = made(subject);
    const type = surroundings.prepare?.(fresh) ?? fresh;
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
