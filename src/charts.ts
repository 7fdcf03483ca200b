/** The chart of anything that can be run, as data: for drawing, and for the inspector. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { Member } from './member.ts';
import type { Subject } from './subject.ts';
import { milliseconds } from './contracts/duration.ts';
import { supervision, type Supervision } from './system/actorType.ts';
import { nameOf } from './system/names.ts';

/** A state, with only what a picture needs. */
export interface ChartNode {
  readonly id: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The id of the state it begins in. */
  readonly initial: string | undefined;
  readonly states: readonly ChartNode[];
  readonly moves: readonly Move[];
}
export interface Move {
  /** The event's type; empty when it needs none (`always`). */
  readonly on: string;
  /** The guard's name. */
  readonly if: string | undefined;
  readonly to: readonly string[];
}

/** Of a machine its own chart; of an agent or a team the chart that it is run by. */
export async function chartOf(subject: Subject): Promise<ChartNode> {
  const machine = subject.kind === 'machine' ? subject.type.chart.machine : await ours(subject.kind);
  return nodeOf(machine.root);
}

async function ours(kind: 'agent' | 'team' | 'guarded' | 'orchestrator'): Promise<AnyStateMachine> {
  const { agentMachine, guardrailMachine, routerMachine, runMachine } = await import('../machines/index.ts');
  return { agent: agentMachine, team: runMachine, guarded: guardrailMachine, orchestrator: routerMachine }[kind];
}

/** What is guarded, however often. */
const innermost = (subject: Subject): Subject =>
  subject.kind === 'guarded' ? innermost(subject.subject as Subject) : subject;
/** The types of its guardrails' actors. */
const guardIds = (subject: Subject): string[] =>
  subject.kind === 'guarded'
    ? [...subject.guardrails.map(({ id }) => id), ...guardIds(subject.subject as Subject)]
    : [];

/** What the inspector draws an actor by: the chart of its type, as XState's own JSON. */
export async function definitionsOf(whole: Subject): Promise<(type: string) => string | undefined> {
  const { agentMachine, guardrailMachine, routerMachine, runMachine, toolCallMachine, waitMachine } =
    await import('../machines/index.ts');
  const subject = innermost(whole);
  const byKind = { agent: agentMachine, team: runMachine, guarded: guardrailMachine, orchestrator: routerMachine };
  const machines: Record<string, AnyStateMachine> = {
    ...Object.fromEntries(guardIds(whole).map((id) => [id, guardrailMachine])),
    ...(subject.kind === 'agent' ? { [subject.name]: agentMachine } : {}),
    agent: agentMachine,
    run: runMachine,
    router: routerMachine,
    'tool-call': toolCallMachine,
    wait: waitMachine,
    ...(subject.kind === 'team'
      ? Object.fromEntries(
          Object.entries(subject.members as Readonly<Record<string, Member>>).map(([name, { kind }]) => [
            name,
            byKind[kind],
          ]),
        )
      : {}),
    ...(subject.kind === 'orchestrator'
      ? Object.fromEntries(subject.members.map(({ id, agent }) => [id, byKind[agent.kind]]))
      : {}),
    ...(subject.kind === 'machine' ? { [subject.name]: subject.type.chart.machine } : {}),
  };
  return (type) => (Object.hasOwn(machines, type) ? JSON.stringify(machines[type]!.config) : undefined);
}

/** The chart of one machine: its root and everything in it. */
export function nodeOf({ id, key, type, initial, states, transitions, always }: AnyStateNode): ChartNode {
  return {
    id,
    key,
    type,
    initial: type === 'compound' ? initial.target?.[0]?.id : undefined,
    states: Object.values(states).map(nodeOf),
    moves: [...[...transitions.values()].flat(), ...(always ?? [])].map(({ eventType, guard, target }) => ({
      on: eventType,
      if: nameOf(guard),
      to: (target ?? []).map((node) => node.id),
    })),
  };
}

/** Events that XState makes itself, as a person would say them. */
export function eventWords(type: string): string {
  const [, how, id] = /^xstate\.(done|error)\.(?:actor|state)\.(.+)$/.exec(type) ?? [];
  if (how) return `${id} ${how === 'done' ? 'done' : 'failed'}`;
  const [, delay] = /^xstate\.after\.([^.]+)/.exec(type) ?? [];
  return delay === undefined ? type || 'always' : /^\d+$/.test(delay) ? `after ${delay} ms` : `after ${delay}`;
}

/** How a team looks after its members: what it says itself, and what is so unless it says otherwise. Times are milliseconds. */
export function supervisionOf({ options: { supervise = {} } }: Extract<Subject, { kind: 'team' }>): Supervision {
  const { within, ...rest } = supervise;
  return { ...supervision, ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) };
}
