/** Says, before anything runs, why a machine cannot be made durable: what has no name, no filling, or no end (E12). */
import {
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  type AnyActorLogic,
  type AnyStateMachine,
  type AnyStateNode,
} from 'xstate';
import { TroupeError } from '../contracts/failure.ts';
import { everyNode } from './shape.ts';

/** Throws `definition` or `unsupported` with every problem of the machine, one per line. */
export function refuse(machine: AnyStateMachine): void {
  const nodes = everyNode(machine.root);
  const missing = [
    ...nodes.flatMap((node) => problemsOf(node, machine)),
    ...declaredProblems(machine),
    ...slotsOf(machine),
    ...cyclesOf(nodes),
  ];
  const foreign = [...nodes.flatMap((node) => unsupportedIn(node, machine)), ...logicsOf(machine)];
  const problems = [...new Set([...missing, ...foreign])];
  if (problems.length === 0) return;
  throw new TroupeError(
    missing.length > 0 ? 'definition' : 'unsupported',
    `The machine "${machine.id}" cannot be run durably:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    { data: { machine: machine.id, problems } },
  );
}

interface Named {
  readonly type?: string;
  readonly guards?: readonly unknown[];
}

/** A reference by name, by `{ type }`, or one of XState's own (`assign`, `and`, …), which carry a type. */
const nameOf = (reference: unknown): string | undefined =>
  typeof reference === 'string' ? reference : (reference as Named | undefined)?.type;

/** XState's own actions carry what they were made with. */
interface BuiltIn {
  readonly type?: string;
  readonly delay?: unknown;
  readonly src?: unknown;
  readonly id?: unknown;
  readonly systemId?: string;
  readonly syncSnapshot?: boolean;
}

function problemsOf(node: AnyStateNode, machine: AnyStateMachine): string[] {
  const { actors, delays } = machine.implementations;
  const at = `state "${node.id}"`;
  const transitions = [...node.transitions]
    .flatMap(([event, list]) => (event === 'xstate.route' ? [] : list))
    .concat(node.always ?? []);
  const initial = Object.keys(node.states).length > 0 && node.type !== 'parallel' ? node.initial.actions : [];
  const actions = [...transitions.flatMap((transition) => transition.actions), ...node.entry, ...node.exit, ...initial];
  return [
    ...transitions.flatMap(({ guard }) => (guard === undefined ? [] : guardProblems(at, guard, machine))),
    ...actions.flatMap((action) => actionProblems(at, action, machine)),
    ...node.after.flatMap(({ delay }) =>
      typeof delay === 'string' && !Object.hasOwn(delays, delay)
        ? [`${at}: the delay "${delay}" is not declared; XState would fire it at once. Add it to setup({ delays }).`]
        : [],
    ),
    ...node.invoke.flatMap(({ id, src }) => {
      const name = nameOf(src);
      if (typeof name !== 'string' || name.startsWith('xstate.invoke.'))
        return [`${at}: what "${id}" invokes has no name; declare it in setup({ actors }) and use its name as src.`];
      return Object.hasOwn(actors, name)
        ? []
        : [`${at}: the actor "${name}" is not declared; add it to setup({ actors }).`];
    }),
    ...(node.type === 'parallel' && node.config.initial !== undefined
      ? [`${at}: "initial" beside type "parallel" makes XState drop what its regions invoke; remove it.`]
      : []),
  ];
}

function guardProblems(at: string, reference: unknown, machine: AnyStateMachine): string[] {
  const { guards: inner } = (
    typeof reference === 'function' || typeof reference === 'object' ? reference : {}
  ) as Named;
  if (inner) return inner.flatMap((guard) => guardProblems(at, guard, machine));
  return nameProblems(at, 'guard', machine.implementations.guards, 'guards', reference);
}

function actionProblems(at: string, reference: unknown, machine: AnyStateMachine): string[] {
  const problems = nameProblems(at, 'action', machine.implementations.actions, 'actions', reference);
  return typeof reference === 'function'
    ? [...problems, ...builtInProblems(at, reference as BuiltIn, machine)]
    : problems;
}

function nameProblems(at: string, what: string, known: object, plural: string, reference: unknown): string[] {
  const name = nameOf(reference);
  if (name === undefined || name === '(anonymous)')
    return [`${at}: a ${what} has no name; declare it in setup({ ${plural} }) and refer to it by name.`];
  return name.startsWith('xstate.') || Object.hasOwn(known, name)
    ? []
    : [`${at}: the ${what} "${name}" is not declared; add it to setup({ ${plural} }).`];
}

function builtInProblems(
  at: string,
  { type, delay, src, id }: BuiltIn,
  { implementations: { actors, delays } }: AnyStateMachine,
): string[] {
  if (typeof delay === 'string' && !Object.hasOwn(delays, delay))
    return [`${at}: the delay "${delay}" is not declared; XState would fire it at once. Add it to setup({ delays }).`];
  if (type !== 'xstate.spawnChild') return [];
  if (typeof src !== 'string')
    return [`${at}: what it spawns has no name; declare it in setup({ actors }) and use its name.`];
  return [
    ...(Object.hasOwn(actors, src) ? [] : [`${at}: the actor "${src}" is not declared; add it to setup({ actors }).`]),
    ...(id === undefined
      ? [`${at}: it spawns "${src}" without an id: after a restart nobody could find it. Give it an id.`]
      : []),
  ];
}

/** Actions and guards may be declared by what XState has, and refer to further names there. */
function declaredProblems(machine: AnyStateMachine): string[] {
  const { actions, guards } = machine.implementations;
  return [
    ...Object.entries(actions).flatMap(([name, action]) =>
      typeof action === 'function' ? builtInProblems(`action "${name}"`, action as unknown as BuiltIn, machine) : [],
    ),
    ...Object.entries(guards).flatMap(([name, guard]) =>
      ((guard as Named | undefined)?.guards ?? []).flatMap((inner) => guardProblems(`guard "${name}"`, inner, machine)),
    ),
  ];
}

function slotsOf(machine: AnyStateMachine): string[] {
  return Object.entries(machine.implementations.actors).flatMap(([name, logic]) =>
    (logic as { slot?: string }).slot === undefined
      ? []
      : [`the slot "${name}" is empty; fill it with machine.provide({ actors: { ${name}: effect(…) } }).`],
  );
}

/** Eventless transitions without a guard that lead round in a circle never come to rest. */
function cyclesOf(nodes: AnyStateNode[]): string[] {
  const next = new Map(
    nodes.map((node) => {
      const [first] = node.always ?? [];
      return [node, first && first.guard === undefined ? first.target?.[0] : undefined] as const;
    }),
  );
  const restsAt = (node: AnyStateNode): AnyStateNode =>
    Object.keys(node.states).length > 0 && node.initial?.target?.[0] ? restsAt(node.initial.target[0]) : node;
  return nodes.flatMap((start) => {
    const seen = new Set<AnyStateNode>();
    let node: AnyStateNode | undefined = start;
    while (node && !seen.has(node)) {
      seen.add(node);
      const target: AnyStateNode | undefined = next.get(node);
      node = target && (next.get(target) ? target : restsAt(target));
    }
    return node === start && next.get(start)
      ? [`state "${start.id}": its eventless transitions lead back to it without a guard, for ever.`]
      : [];
  });
}

function unsupportedIn(node: AnyStateNode, machine: AnyStateMachine): string[] {
  const at = `state "${node.id}"`;
  const used = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
    .flatMap(({ actions }) => actions)
    .concat(node.entry, node.exit);
  const builtIns = used.map((action) =>
    typeof action === 'function' ? action : machine.implementations.actions[nameOf(action) ?? ''],
  ) as (BuiltIn | undefined)[];
  const noSystemId = (id: string | undefined) =>
    id === undefined ? [] : [`${at}: systemId ("${id}") is not supported; send to an address instead.`];
  return [
    ...node.invoke.flatMap(({ id, systemId, onSnapshot }) => [
      ...noSystemId(systemId),
      ...(onSnapshot === undefined
        ? []
        : [`${at}: onSnapshot of "${id}" is not supported; a child reports with its output or with sendTo.`]),
    ]),
    ...builtIns.flatMap((action) => noSystemId(action?.systemId)),
    ...builtIns.flatMap((action) =>
      action?.syncSnapshot
        ? [`${at}: syncSnapshot is not supported; a child reports with its output or with sendTo.`]
        : [],
    ),
    ...((node.config as { route?: unknown }).route === undefined
      ? []
      : [`${at}: route is not supported; give it an event of its own.`]),
  ];
}

const samples = {
  fromCallback: fromCallback(() => {}),
  fromObservable: fromObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never),
  fromTransition: fromTransition((state: null) => state, null),
};
const promise = fromPromise(() => Promise.resolve());

/** Two logics of one maker share the source of their transition function; XState gives no other mark. */
const madeLike = (logic: AnyActorLogic, sample: { transition: unknown }) =>
  String(logic.transition) === String(sample.transition);

export const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof (logic as AnyStateMachine).getStateNodeById === 'function';
export const isPromise = (logic: AnyActorLogic): boolean => madeLike(logic, promise);

function logicsOf(machine: AnyStateMachine): string[] {
  return Object.entries(machine.implementations.actors).flatMap(([name, logic]) => {
    if (isMachine(logic) || isPromise(logic as AnyActorLogic)) return [];
    const [maker = 'custom logic'] =
      Object.entries(samples).find(([, sample]) => madeLike(logic as AnyActorLogic, sample)) ?? [];
    return [`the actor "${name}" is made with ${maker}, which cannot be made durable; use effect(…) or a machine.`];
  });
}
