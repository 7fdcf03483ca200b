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

/** Throws `definition` or `unsupported` with every problem of the machine, one per line. */
export function refuse(machine: AnyStateMachine): void {
  const nodes = everyNode(machine.root);
  const missing = [...nodes.flatMap((node) => problemsOf(node, machine)), ...slotsOf(machine), ...cyclesOf(nodes)];
  const foreign = [...nodes.flatMap(unsupportedIn), ...logicsOf(machine)];
  const problems = [...new Set([...missing, ...foreign])];
  if (problems.length === 0) return;
  throw new TroupeError(
    missing.length > 0 ? 'definition' : 'unsupported',
    `The machine "${machine.id}" cannot be run durably:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    { data: { machine: machine.id, problems } },
  );
}

export const everyNode = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(everyNode),
];

interface Named {
  readonly type?: string;
  readonly guards?: readonly unknown[];
}

/** A reference by name, by `{ type }`, or one of XState's own (`assign`, `and`, …), which carry a type. */
const nameOf = (reference: unknown): string | undefined =>
  typeof reference === 'string' ? reference : (reference as Named | undefined)?.type;

function problemsOf(node: AnyStateNode, machine: AnyStateMachine): string[] {
  const { actions, actors, delays, guards } = machine.implementations;
  const problems: string[] = [];
  const at = `state "${node.id}"`;
  const must = (known: object, what: string, plural: string, reference: unknown) => {
    const name = nameOf(reference);
    if (name === undefined || name === '(anonymous)')
      problems.push(`${at}: a ${what} has no name; declare it in setup({ ${plural} }) and refer to it by name.`);
    else if (!name.startsWith('xstate.') && !Object.hasOwn(known, name))
      problems.push(`${at}: the ${what} "${name}" is not declared; add it to setup({ ${plural} }).`);
  };
  const guard = (reference: unknown): void => {
    const { guards: inner } = (
      typeof reference === 'function' || typeof reference === 'object' ? reference : {}
    ) as Named;
    if (inner) inner.forEach(guard);
    else must(guards, 'guard', 'guards', reference);
  };

  const transitions = [...node.transitions.values(), node.always ?? []].flat();
  for (const transition of transitions) {
    if (transition.guard !== undefined) guard(transition.guard);
    for (const action of transition.actions) must(actions, 'action', 'actions', action);
  }
  for (const action of [...node.entry, ...node.exit]) must(actions, 'action', 'actions', action);
  for (const { delay } of node.after) {
    if (typeof delay === 'string' && !Object.hasOwn(delays, delay))
      problems.push(
        `${at}: the delay "${delay}" is not declared; XState would fire it at once. Add it to setup({ delays }).`,
      );
    if (typeof delay === 'function') problems.push(`${at}: a delay has no name; declare it in setup({ delays }).`);
  }
  for (const { id, src } of node.invoke) {
    const name = nameOf(src);
    if (typeof name !== 'string' || name.startsWith('xstate.invoke.'))
      problems.push(
        `${at}: what "${id}" invokes has no name; declare it in setup({ actors }) and use its name as src.`,
      );
    else if (!Object.hasOwn(actors, name))
      problems.push(`${at}: the actor "${name}" is not declared; add it to setup({ actors }).`);
  }
  if (node.type === 'parallel' && node.config.initial !== undefined)
    problems.push(`${at}: "initial" beside type "parallel" makes XState drop what its regions invoke; remove it.`);
  return problems;
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

function unsupportedIn(node: AnyStateNode): string[] {
  return node.invoke.flatMap(({ id, systemId, onSnapshot }) => [
    ...(systemId === undefined
      ? []
      : [`state "${node.id}": systemId ("${systemId}") is not supported; send to an address instead.`]),
    ...(onSnapshot === undefined
      ? []
      : [
          `state "${node.id}": onSnapshot of "${id}" is not supported; a child reports with its output or with sendTo.`,
        ]),
  ]);
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
