/** The state charts of definitions as data: for diagrams, and for the inspector. */
import type { StateMachine, StateNode } from '../core/chart.ts';
import { guardedDefinition, type AnyMember } from '../define/anyMember.ts';
import type { Member } from '../define/member.ts';
import type { Runnable } from '../define/runnable.ts';
import { milliseconds } from '../values/duration.ts';
import { defaultSupervision, type Supervision } from '../core/actorType.ts';
import { nameOf } from '../core/validateNames.ts';

/** A state, with only what a picture needs. */
export interface ChartNode {
  /** The path from the machine's root, with dots between. */
  readonly id: string;
  /** Its name within its parent. */
  readonly key: string;
  /** The kind of state, as XState names it. */
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The id of the state it begins in. */
  readonly initial: string | undefined;
  /** The states within it. */
  readonly states: readonly ChartNode[];
  /** Its transitions. */
  readonly transitions: readonly ChartTransition[];
}
/** A transition. */
export interface ChartTransition {
  /** The event's type; empty when it needs none (`always`). */
  readonly on: string;
  /** The guard's name. */
  readonly if: string | undefined;
  /** The ids of its target states; none when it stays where it is. */
  readonly to: readonly string[];
}

/** The chart of a machine itself; of an agent, a team or an orchestrator that of the machine that runs it. */
export async function chartOf(subject: Runnable): Promise<ChartNode> {
  if (subject.kind === 'machine') return nodeOf(subject.type.chart.machine.root);
  if (subject.kind === 'workflow') return nodeOf((await import('../../machines/index.ts')).workflowMachine.root);
  if (subject.kind === 'flow') return nodeOf((await import('../../machines/index.ts')).flowMachine.root);
  return nodeOf((await machineOf(subject.kind)).root);
}

/** The machine that runs a member, by the kind of the member. */
async function machinesByKind(): Promise<Record<AnyMember['kind'], StateMachine>> {
  const { agentMachine, guardrailMachine, poolMachine, routerMachine, runMachine } =
    await import('../../machines/index.ts');
  return {
    agent: agentMachine,
    team: runMachine,
    guarded: guardrailMachine,
    orchestrator: routerMachine,
    pool: poolMachine,
  };
}

async function machineOf(kind: AnyMember['kind']): Promise<StateMachine> {
  return (await machinesByKind())[kind];
}

/** The definition behind all guardrails. */
const innermost = (subject: Runnable): Runnable =>
  subject.kind === 'guarded' ? innermost(guardedDefinition(subject)) : subject;
/** The actor types of its guardrails. */
const guardrailIds = (subject: Runnable): string[] =>
  subject.kind === 'guarded'
    ? [...subject.guardrails.map(({ id }) => id), ...guardrailIds(guardedDefinition(subject))]
    : [];

/** For the inspector: the machine of each actor type of a definition, as XState's own JSON text; undefined for other types. */
export async function machineDefinitions(runnable: Runnable): Promise<(type: string) => string | undefined> {
  const { agentMachine, guardrailMachine, routerMachine, runMachine, toolCallMachine, waitMachine } =
    await import('../../machines/index.ts');
  const subject = innermost(runnable);
  const byKind = await machinesByKind();
  const machines: Record<string, StateMachine> = {
    ...Object.fromEntries(guardrailIds(runnable).map((id) => [id, guardrailMachine])),
    ...(subject.kind === 'agent' ? { [subject.name]: agentMachine } : {}),
    agent: agentMachine,
    run: runMachine,
    router: routerMachine,
    'tool-call': toolCallMachine,
    wait: waitMachine,
    ...(subject.kind === 'team'
      ? Object.fromEntries(Object.entries<Member>(subject.members).map(([name, { kind }]) => [name, byKind[kind]]))
      : {}),
    ...(subject.kind === 'orchestrator'
      ? Object.fromEntries(subject.members.map(({ id, agent }) => [id, byKind[agent.kind]]))
      : {}),
    ...(subject.kind === 'machine' ? { [subject.name]: subject.type.chart.machine } : {}),
  };
  const definitions = new Map(Object.entries(machines).map(([type, { config }]) => [type, JSON.stringify(config)]));
  return (type) => definitions.get(type);
}

/** The chart of one machine: its root and everything in it. */
export function nodeOf({ id, key, type, initial, states, transitions, always }: StateNode): ChartNode {
  return {
    id,
    key,
    type,
    initial: type === 'compound' ? initial.target?.[0]?.id : undefined,
    states: Object.values(states).map(nodeOf),
    transitions: [...[...transitions.values()].flat(), ...(always ?? [])].map(({ eventType, guard, target }) => ({
      on: eventType,
      if: nameOf(guard),
      to: (target ?? []).map((node) => node.id),
    })),
  };
}

/** A readable name for events that XState makes itself, such as `clerk done` or `after 500 ms`. */
export function eventLabel(type: string): string {
  const [, how, id] = /^xstate\.(done|error)\.(?:actor|state)\.(.+)$/.exec(type) ?? [];
  if (how) return `${id} ${how === 'done' ? 'done' : 'failed'}`;
  const [, delay] = /^xstate\.after\.([^.]+)/.exec(type) ?? [];
  return delay === undefined ? type || 'always' : /^\d+$/.test(delay) ? `after ${delay} ms` : `after ${delay}`;
}

/** The supervision of a team's members: what its options say, and defaults for the rest. Times are milliseconds. */
export function supervisionOf({ options: { supervise = {} } }: Extract<Runnable, { kind: 'team' }>): Supervision {
  const { within, ...rest } = supervise;
  return { ...defaultSupervision, ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) };
}
