/** Compiles a definition for the engine: to an actor type with every slot filled. */
import type { StateMachine } from '../core/chart.ts';
import * as z from 'zod';
import { agentActor } from '../../actors/agent.ts';
import { routerActor } from '../../actors/router.ts';
import { guardrailChain } from '../../actors/guardrail.ts';
import type { Guardrail } from '../../actors/guardrailDefinition.ts';
import { runActor } from '../../actors/run.ts';
import { GuardrailMessage } from '../contracts/guardrail.ts';
import { TroupeError } from '../values/failure.ts';
import { reservedTypes } from '../values/ids.ts';
import { sortedGuardrails } from '../define/guardrails/guarded.ts';
import { defaultMember, delegateActorName, type MemberKind } from '../../machines/member.ts';
import { toolServer } from '../../actors/toolServer.ts';
import type { AgentDeps, CompiledDelegate, ModelGateway } from '../../actors/tools.ts';
import { defaultAgentLimits } from '../../machines/agent/settings.ts';
import { defaultRunLimits } from '../../machines/run/settings.ts';
import { AgentSignal } from '../contracts/agent.ts';
import type { Clock } from '../values/clock.ts';
import { milliseconds } from '../values/duration.ts';
import { RunSignal } from '../contracts/run.ts';
import { RouterSignal } from '../contracts/task.ts';
import type { ToolSource } from '../contracts/tool.ts';
import { TreasuryAnswer, TreasuryLease, TreasurySignal } from '../contracts/treasury.ts';
import { WaitSignal } from '../contracts/wait.ts';
import { Work, WorkDone, WorkSignal } from '../contracts/work.ts';
import { orchestratorSettings } from '../define/orchestratorSettings.ts';
import type { Orchestrator } from '../define/orchestratorDefinition.ts';
import { mcpToolSource as connect } from '../mcp/toolSource.ts';
import type { McpServer } from '../define/mcpServer.ts';
import { selectWith } from '../define/routers.ts';
import {
  guardedDefinition,
  memberDefinition,
  type AnyAgent,
  type AnyGuarded,
  type AnyTeam,
} from '../define/anyMember.ts';
import { requireRunnable, type AnyFlow, type Runnable } from '../define/runnable.ts';
import { flowCompiler, type FlowCompileContext } from './flow.ts';
import type { Workflow } from '../define/workflow.ts';
import { defaultSupervision, type ActorType, type ActorTypeOptions } from '../core/actorType.ts';
import { actorType } from '../engine/nodePlatform.ts';
import type { Delegate } from '../define/delegate.ts';
import { compileWorker } from '../define/machineWorker.ts';
import { kindOf } from '../define/schemas.ts';
import { requireNesting } from '../define/nesting.ts';
import { taskFacts } from '../define/taskFacts.ts';
import { compilesItself, membershipOf, type Member, type Compiled } from '../define/member.ts';
import { catalog } from '../tools/catalog.ts';
import { refCounted } from '../tools/refCounted.ts';
import { localTools } from '../tools/local.ts';
import type { Tool } from '../tools/tool.ts';

/** What compiling needs of the runtime. */
export interface CompileContext {
  /** Answers the requests of agents to models. */
  readonly gateway: ModelGateway;
  /** Time, randomness and ids. */
  readonly clock: Clock;
  /** Connections that were opened are added here; the runtime closes them. */
  readonly opened: AsyncDisposable[];
  /** What the calls of flows are done with. */
  readonly flows?: FlowCompileContext['flows'] | undefined;
  /** Two members that begin at once use large shares without asking, as in runs that earlier versions began; false by default. Only their recordings are replayed so. */
  readonly sharesUnasked?: boolean;
  /** For tests: changes every actor type before it is used. */
  readonly prepare?: ((type: ActorType) => ActorType) | undefined;
}

const ticketOptions = { wait: { signals: WaitSignal } };
/** The signals that an agent takes, and those of its tickets. They are checked when they arrive. */
const agentOptions: ActorTypeOptions = {
  signals: AgentSignal.or(TreasuryAnswer).or(TreasuryLease),
  endsByDeadline: true,
  children: { toolCall: { children: ticketOptions }, ...ticketOptions },
};

const treasurerOptions: ActorTypeOptions = { signals: TreasurySignal, children: ticketOptions };

/** How many messages a run may hand out, with those that are handed out again because a member failed. The route of a supervised team counts its own. */
const mostTurns = ({ options: { maxTurns = defaultRunLimits.maxTurns, supervise } }: AnyTeam): number =>
  supervise ? maxTurns * (1 + (supervise.maxRestarts ?? defaultSupervision.maxRestarts)) : maxTurns;

const isDelegate = (tool: object): tool is Delegate => kindOf(tool) === 'delegate';

/** The messages that a run takes: signals, finished work of its long-lived members, and answers of a treasurer. */
export const runSignals = z.union([RunSignal, WorkDone, TreasuryLease, TreasuryAnswer]);
/** The messages that a router takes: those of a run, and work where it is a member itself. */
export const routerSignals = z.union([RouterSignal, Work, WorkSignal, WorkDone, TreasuryLease, TreasuryAnswer]);

/**
 * Compiles guardrails to one long-lived machine that supervises members: it takes `work` with `to`, and answers with `work.done`.
 * `options` are for the actor type it is a child of. Throws `definition`.
 * @example const { machine, options } = compileGuardrails([guardrails.timeout({ max: '2m' })], { clerk: { machine, options } })
 */
export function compileGuardrails(
  guardrails: readonly Guardrail[],
  supervised: Readonly<Record<string, Compiled>>,
  { bare = false }: { readonly bare?: boolean } = {},
): Compiled & { readonly name: string } {
  const [first, ...rest] = sortedGuardrails(guardrails, []);
  if (!first) throw new TroupeError('definition', 'A chain of guardrails has at least one.');
  const machine = guardrailChain({ guardrails: [first, ...rest], supervised: machinesOf(supervised), bare });
  const longLived = (children: NonNullable<ActorTypeOptions['children']>): ActorTypeOptions => ({
    signals: GuardrailMessage,
    endsByDeadline: true,
    children: { wait: { signals: WaitSignal }, ...children },
  });
  const options = rest.reduceRight(
    (below, { id }) => longLived({ [id]: below }),
    longLived(childOptionsOf(supervised)),
  );
  return { name: first.id, machine, options };
}

/** What a supervisor must know about a member; of a guarded one also what it says about its own work, for its guardrails. */
function memberKindOf(given: Member): MemberKind {
  const member = memberDefinition(given);
  return member.kind === 'guarded' && !compilesItself(given)
    ? { ...membershipOf(given), facts: taskFacts(member) }
    : membershipOf(given);
}

const machinesOf = (parts: Readonly<Record<string, Compiled>>): Record<string, StateMachine> =>
  Object.fromEntries(Object.entries(parts).map(([name, { machine }]) => [name, machine]));
const childOptionsOf = (parts: Readonly<Record<string, Compiled>>): Record<string, ActorTypeOptions> =>
  Object.fromEntries(Object.entries(parts).map(([name, { options }]) => [name, options]));

/** Makes a function that compiles definitions to actor types. The same definition always gives the same type. */
export function compile(context: CompileContext): (subject: Runnable) => ActorType {
  const types = new WeakMap<Runnable, ActorType>();
  const servers = new WeakMap<object, ToolSource>();

  /** A source that the user made stays the user's to close. */
  const open = (definition: McpServer | ToolSource): ToolSource => {
    if (!('kind' in definition)) return definition;
    const { address, options } = definition;
    const source = connect(address, options, { clock: context.clock, keep: toolServer });
    context.opened.push(source);
    return source;
  };
  const shared = (definition: McpServer | ToolSource): ToolSource => {
    const source = servers.get(definition) ?? open(definition);
    servers.set(definition, source);
    return source;
  };

  const depsOf = ({ tools, toolbelt, allow, cleanUp }: AnyAgent): AgentDeps => {
    const own = tools.filter((tool): tool is Tool => 'run' in tool);
    const isOther = (tool: (typeof tools)[number]): tool is McpServer | ToolSource =>
      !('run' in tool) && !isDelegate(tool);
    const sources = tools.filter(isOther).map(shared);
    const delegates = tools.filter(isDelegate).map(delegateOf);
    const all = [...(own.length > 0 ? [localTools(own)] : []), ...sources];
    return {
      gateway: context.gateway,
      ...(all.length > 0 ? { tools: catalog(all) } : {}),
      ...(delegates.length > 0 ? { delegates } : {}),
      ...(toolbelt.length > 0 ? { toolbelt: refCounted(toolbelt.map(open)) } : {}),
      ...(allow ? { allow } : {}),
      ...(cleanUp ? { cleanUp } : {}),
    };
  };
  const optionsOf = (agent: AnyAgent): ActorTypeOptions => ({
    ...agentOptions,
    deadline: agent.definition('').limits?.deadline ?? defaultAgentLimits.deadline,
  });
  const machineOf = (agent: AnyAgent, isMember: boolean): StateMachine =>
    agentActor((message) => agent.definition(message), {
      ...depsOf(agent),
      ...(isMember ? { isMember } : {}),
    });

  function compileAgent(agent: AnyAgent, isMember: boolean): Compiled {
    const calls = agent.tools.filter(isDelegate).map(({ name, subject }): [string, ActorTypeOptions] => {
      const { options } = compileDelegate(subject);
      return [delegateActorName(name), { children: { ...ticketOptions, delegate: options } }];
    });
    return {
      machine: machineOf(agent, isMember),
      options: { ...optionsOf(agent), children: { ...agentOptions.children, ...Object.fromEntries(calls) } },
    };
  }

  const compileDelegate = (subject: Delegate['subject']): Compiled =>
    subject.kind === 'machine' ? compileWorker(subject) : compileMember(subject);
  const delegateOf = ({
    subject,
    name,
    description,
    approval,
    effect,
    schema,
    message,
  }: Delegate): CompiledDelegate => ({
    info: {
      name,
      description,
      input: schema,
      effect,
      tier: 'core',
      capabilities: [],
      approval,
      source: 'local',
    },
    who: subject.kind === 'machine' ? defaultMember : memberKindOf(subject),
    machine: compileDelegate(subject).machine,
    message,
  });

  /** Compiles a member of a team. A member that compiles itself is asked first. */
  const compileMember = (given: Member): Compiled => {
    if (compilesItself(given)) return given.compile(compileMember);
    const member = memberDefinition(given);
    switch (member.kind) {
      case 'agent':
        return compileAgent(member, true);
      case 'team':
        return compileTeam(member);
      case 'orchestrator':
        return compileOrchestrator(member);
      case 'guarded':
        return compileGuarded(member);
      case 'pool':
        return member.compile();
    }
  };
  const compileMembers = (members: readonly (readonly [string, Member])[]): Record<string, Compiled> =>
    Object.fromEntries(members.map(([name, member]) => [name, compileMember(member)]));

  function compileTeam(team: AnyTeam): Compiled {
    const { supervise, budget, onExhausted, deadline, maxTurns } = team.options;
    const members: [string, Member][] = Object.entries(team.members);
    const parts = compileMembers(members);
    const limits = {
      ...(deadline === undefined ? {} : { deadline: milliseconds(deadline) }),
      ...(maxTurns === undefined && !supervise ? {} : { maxTurns: mostTurns(team) }),
    };
    const machine = runActor({
      next: (said) => team.next(said) as never,
      members: machinesOf(parts),
      memberships: Object.fromEntries(members.map(([name, member]) => [name, memberKindOf(member)])),
      settings: {
        limits,
        name: team.name,
        ...(context.sharesUnasked ? {} : { asksFirst: true }),
        ...(team.failureMessage === undefined ? {} : { failureMessage: team.failureMessage }),
        ...(budget ? { budget } : {}),
        ...(onExhausted ? { onExhausted } : {}),
      },
    });
    const { within, ...rest } = supervise ?? {};
    const options: ActorTypeOptions = {
      signals: runSignals,
      endsByDeadline: true,
      deadline: limits.deadline ?? defaultRunLimits.deadline,
      supervise: { ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) },
      children: {
        ...childOptionsOf(parts),
        treasurer: treasurerOptions,
      },
    };
    return { machine, options };
  }

  function compileGuarded(guarded: AnyGuarded): Compiled & { readonly name: string } {
    const { guardrails, bare } = guarded;
    const inner = guardedDefinition(guarded);
    // Its actors have its name, unless the runtime uses that name itself.
    const name = reservedTypes.has(inner.name) ? 'subject' : inner.name;
    return compileGuardrails(guardrails, { [name]: compileMember(inner) }, { bare });
  }

  function compileRunnable(subject: Runnable): ActorType {
    if (subject.kind === 'machine') return subject.type;
    requireNesting(subject);
    if (subject.kind === 'guarded') {
      const { machine, options, name } = compileGuarded(subject);
      return actorType(machine, { ...options, name });
    }
    const { machine, options } = compileUnguarded(subject);
    return actorType(machine, options);
  }

  const compileFlow = flowCompiler(context, compileChild);

  /** What a flow runs as its child. */
  function compileChild(subject: Runnable): Compiled {
    if (subject.kind === 'machine') return { machine: subject.type.chart.machine, options: subject.options };
    return subject.kind === 'guarded' ? compileGuarded(subject) : compileUnguarded(subject);
  }

  function compileUnguarded(subject: AnyAgent | AnyTeam | Orchestrator | Workflow | AnyFlow): Compiled {
    if (subject.kind === 'workflow') return subject.compile(context);
    if (subject.kind === 'flow') return compileFlow(subject);
    return subject.kind === 'agent' ? compileAgent(subject, false) : compileMember(subject);
  }

  function compileOrchestrator(subject: Orchestrator): Compiled {
    const { router, guardrails } = subject;
    const parts = compileMembers(
      subject.members.map(({ id, agent }): [string, Member] => [id, memberDefinition(agent)]),
    );
    const guard = guardrails.length > 0 ? compileGuardrails(guardrails, parts) : undefined;
    const machine = routerActor({
      settings: orchestratorSettings(subject),
      ...(guard ? { guard: guard.machine } : {}),
      members: machinesOf(parts),
      ...(router.chooser ? { select: selectWith(router.chooser, context.gateway) } : {}),
    });
    const options: ActorTypeOptions = {
      signals: routerSignals,
      endsByDeadline: true,
      children: {
        ...childOptionsOf(parts),
        ...(guard ? { guard: { ...guard.options, name: guard.name } } : {}),
      },
    };
    return { machine, options };
  }

  return (subject) => {
    requireRunnable(subject);
    const known = types.get(subject);
    if (known) return known;
    const made = compileRunnable(subject);
    const type = context.prepare?.(made) ?? made;
    types.set(subject, type);
    return type;
  };
}
