/** What can be run, and what it comes to for the engine: an actor type with every slot filled. */
import type { AnyStateMachine } from 'xstate';
import { agentActor } from '../actors/agent.ts';
import { guardrailChain, type Guardrail } from '../actors/guardrail.ts';
import { runActor } from '../actors/run.ts';
import { toolServer } from '../actors/toolServer.ts';
import type { AgentDeps, ModelDoor } from '../actors/tools.ts';
import type { Agent } from './agent.ts';
import { AgentSignal } from './contracts/agent.ts';
import type { Clock } from './contracts/clock.ts';
import { milliseconds } from './contracts/duration.ts';
import { came } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import type { Json, JsonObject } from './contracts/json.ts';
import { GuardrailMail } from './contracts/guardrail.ts';
import { ownTypes } from './contracts/ids.ts';
import { RunSignal } from './contracts/run.ts';
import type { ToolSource } from './contracts/tool.ts';
import { WaitSignal } from './contracts/wait.ts';
import { factsOf, inOrder, type Guarded } from './guarded.ts';
import type { MachineSubject } from './machine.ts';
import { mcpServer as connect } from './mcp/server.ts';
import type { ServerDefinition } from './servers.ts';
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
export type AnyGuarded = Guarded<any>;
export type Subject = AnyAgent | AnyTeam | MachineSubject | AnyGuarded;
/* oxlint-enable typescript/no-explicit-any */

export const isSubject = (value: unknown): value is Subject =>
  ['agent', 'team', 'machine', 'guarded'].includes(String((value as Partial<Subject> | null | undefined)?.kind));

function requireSubject(value: unknown): asserts value is Subject {
  if (isSubject(value)) return;
  throw new TroupeError(
    'definition',
    `What runs is an agent({ … }), a team({ … }), something guarded(…) or a machine(chart); got ${came(value)}.`,
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

/** A machine, and what the engine must know beside it. */
interface Parts {
  readonly machine: AnyStateMachine;
  readonly options: ActorTypeOptions;
}

/**
 * Guardrails as one standing machine, for whoever has members of its own: it takes `work` with `to`, and answers with `work.done`.
 * `options` are for the actor type it is a child of. Throws `definition`.
 * @example const { machine, options } = guardChain([guardrails.timeout({ max: '2m' })], { clerk: { machine, options } })
 */
export function guardChain(
  guardrails: readonly Guardrail[],
  supervised: Readonly<Record<string, Parts>>,
  { bare = false }: { readonly bare?: boolean } = {},
): Parts & { readonly name: string } {
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

  function teamParts(team: AnyTeam): Parts {
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
    const options = {
      signals: RunSignal,
      endsByDeadline: true,
      supervise: { ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) },
      children: Object.fromEntries(members.map(([name]) => [name, agentOptions])),
    };
    return { machine, options };
  }
  function guardedParts({ subject, guardrails, bare }: AnyGuarded): Parts & { readonly name: string } {
    const inner = subject as AnyAgent | AnyTeam | AnyGuarded;
    // Its actors are called as it is, unless the runtime means something else by that.
    const name = ownTypes.has(inner.name) ? 'subject' : inner.name;
    return guardChain(guardrails, { [name]: partsOf(inner) }, { bare });
  }
  function partsOf(subject: AnyAgent | AnyTeam | AnyGuarded): Parts {
    if (subject.kind === 'agent') return { machine: machineOf(subject), options: agentOptions };
    return subject.kind === 'team' ? teamParts(subject) : guardedParts(subject);
  }
  function typeOf(subject: AnyAgent | AnyTeam | AnyGuarded): ActorType {
    const { machine, options, ...named } = subject.kind === 'guarded' ? guardedParts(subject) : partsOf(subject);
    return actorType(machine, { ...options, ...named });
  }

  return (subject) => {
    requireSubject(subject);
    const known = types.get(subject);
    if (known) return known;
    const made = subject.kind === 'machine' ? subject.type : typeOf(subject);
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
    case 'guarded': {
      const inner = inputOf(subject.subject as Subject, input) as JsonObject;
      return { facts: factsOf(subject.subject as Subject) as JsonObject, ...inner };
    }
    case 'team':
      return requireInput(what, { type: subject.accepts, body: subject.protocol.parse(subject.accepts, input) });
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
