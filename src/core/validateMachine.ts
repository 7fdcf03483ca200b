/** Says, before anything runs, why a machine cannot be made durable: what has no name, an empty slot, or a step without end (E12). */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { TroupeError } from '../values/failure.ts';
import { unsupportedActors } from './validateActors.ts';
import {
  undeclaredInDeclarations,
  nameOf,
  undeclaredNames,
  builtInReference,
  type Declaration,
} from './validateNames.ts';
import { everyNode } from './machineShape.ts';

/** Throws `definition` or `unsupported` with every problem of the machine, one per line. */
export function validateMachine(machine: AnyStateMachine): void {
  const { root } = machine;
  const known = soundStates.get(root);
  const sound = known && declaresAsMuch(machine.implementations, known) ? known : undefined;
  const nodes = sound ? [] : everyNode(root);
  const { actors, actions, guards } = machine.implementations;
  const declared = {
    actors: othersThan(sound?.actors, actors),
    actions: othersThan(sound?.actions, actions),
    guards: othersThan(sound?.guards, guards),
  };
  const missing = [
    ...nodes.flatMap((node) => undeclaredNames(node, machine)),
    ...undeclaredInDeclarations(declared, machine),
    ...emptySlots(declared.actors),
    ...cyclesOf(nodes),
  ];
  const unsupported = [...nodes.flatMap((node) => unsupportedIn(node, machine)), ...unsupportedActors(declared.actors)];
  const problems = [...new Set([...missing, ...unsupported])];
  if (problems.length === 0) {
    if (!sound) soundStates.set(root, machine.implementations);
    return;
  }
  throw new TroupeError(
    missing.length > 0 ? 'definition' : 'unsupported',
    `The machine "${machine.id}" cannot be run durably:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    { data: { machine: machine.id, problems } },
  );
}

type Implementations = AnyStateMachine['implementations'];

/** The implementations with which the states below a root had no problem. Copies of a machine share its states: those of an agent are checked once for all agents. */
const soundStates = new WeakMap<AnyStateNode, Implementations>();

/** Are all these names declared, and no action made with something that is looked for in states? */
function declaresAsMuch(given: Implementations, sound: Implementations): boolean {
  for (const kind of ['actors', 'actions', 'guards', 'delays'] as const)
    for (const name in sound[kind]) if (!Object.hasOwn(given[kind], name)) return false;
  return othersThan(sound.actions, given.actions).every(({ value }) => {
    const { systemId, syncSnapshot } = builtInReference(value);
    return systemId === undefined && syncSnapshot === undefined;
  });
}

/** What is not the same as in what was checked before. */
function othersThan(
  checked: Readonly<Record<string, unknown>> = {},
  given: Readonly<Record<string, unknown>>,
): Declaration[] {
  const others: Declaration[] = [];
  for (const name in given) if (given[name] !== checked[name]) others.push({ name, value: given[name] });
  return others;
}

const emptySlots = (actors: readonly Declaration[]): string[] =>
  actors
    .filter(({ value }) => typeof value === 'object' && value !== null && 'slot' in value)
    .map(
      ({ name }) => `the slot "${name}" is empty; fill it with machine.provide({ actors: { ${name}: effect(…) } }).`,
    );

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
    builtInReference(typeof action === 'function' ? action : machine.implementations.actions[nameOf(action) ?? '']),
  );
  const noSystemId = (id: string | undefined) =>
    id === undefined ? [] : [`${at}: systemId ("${id}") is not supported; send to an address instead.`];
  return [
    ...node.invoke.flatMap(({ id, systemId, onSnapshot }) => [
      ...noSystemId(systemId),
      ...(onSnapshot === undefined
        ? []
        : [`${at}: onSnapshot of "${id}" is not supported; a child reports with its output or with sendTo.`]),
    ]),
    ...builtIns.flatMap((action) => noSystemId(action.systemId)),
    ...builtIns.flatMap((action) =>
      action.syncSnapshot
        ? [`${at}: syncSnapshot is not supported; a child reports with its output or with sendTo.`]
        : [],
    ),
    ...((node.config as { route?: unknown }).route === undefined
      ? []
      : [`${at}: route is not supported; give it an event of its own.`]),
  ];
}
