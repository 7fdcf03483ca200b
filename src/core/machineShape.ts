/** The shape of a machine: its states and transitions. Code is not part of it, so a fix in an action does not change the hash (E11). */
import type { AnyStateMachine, AnyStateNode, StateValue, StateValueMap } from 'xstate';
import type { ZodType } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { jsonSchema } from '../contracts/protocol.ts';
import { nameOf } from './validateNames.ts';
import type { Sha256 } from './platform.ts';

/** A state and all states inside it, in the order the machine lists them. */
export const everyNode = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(everyNode),
];

/** Changes with the states, events, guards' names and invokes of a machine, and with the schema of its context. 16 hexadecimal digits. */
export function machineHash(machine: AnyStateMachine, context: ZodType | undefined, sha256: Sha256): string {
  const hashOf = (schema: Json) => sha256(`[${statesText(machine.root)},${JSON.stringify(schema)}]`).slice(0, 16);
  if (context) return hashOf(jsonSchema(context));
  const hash = hashes.get(machine.root) ?? hashOf(null);
  hashes.set(machine.root, hash);
  return hash;
}

/** The hashes without a schema. Copies of a machine share its states. */
const hashes = new WeakMap<AnyStateNode, string>();

/** The states as a text. */
function statesText(root: AnyStateNode): string {
  const nodes = everyNode(root).map((node) => [
    node.id,
    node.type,
    [...node.transitions].map(([event, list]) => [
      event,
      list.map((t) => [t.target?.map(({ id }) => id), nameOf(t.guard) ?? '']),
    ]),
    node.always?.map((t) => [t.target?.map(({ id }) => id), nameOf(t.guard) ?? '']),
    node.invoke.map(({ id, src }) => [id, nameOf(src) ?? '']),
  ]);
  return JSON.stringify(nodes);
}

/** What is wrong with a state value: states the machine does not have, regions it has but the value lacks. */
export function unknownStates(node: AnyStateNode, value: Json | undefined): string[] {
  const names = Object.entries(node.states).flatMap(([name, { type }]) => (type === 'history' ? [] : [name]));
  const given = childValues(value);
  if (!given) return [`the value of "${node.id}" is ${JSON.stringify(value)}`];
  const named = Object.keys(given);
  if (names.length === 0)
    return named.length === 0 ? [] : [`state "${node.id}" has no states inside; the value has ${named.join(', ')}`];
  if (node.type !== 'parallel' && named.length !== 1)
    return [`state "${node.id}" is in one of ${names.join(', ')}; the value has ${named.join(', ') || 'none'}`];
  const gone = named
    .filter((name) => !names.includes(name))
    .map((name) => `state "${name}" is not in "${node.id}" (${names.join(', ')})`);
  const missing =
    node.type === 'parallel'
      ? names.filter((name) => !named.includes(name)).map((name) => `region "${name}" of "${node.id}" is missing`)
      : [];
  const inner = named.flatMap((name) => {
    const state = names.includes(name) ? node.states[name] : undefined;
    return state ? unknownStates(state, given[name]) : [];
  });
  return [...gone, ...missing, ...inner];
}

/** The states that a value names, from the root down. Needs a value without unknown states. */
export function activeNodes(node: AnyStateNode, value: Json | undefined): AnyStateNode[] {
  const inner = Object.entries(childValues(value) ?? {}).flatMap(([name, rest]) => {
    const state = node.states[name];
    return state ? activeNodes(state, rest) : [];
  });
  return [node, ...inner];
}

/** A state value with its regions in the order the machine lists them. */
export function inMachineOrder(value: StateValue, node: AnyStateNode): StateValue {
  if (typeof value === 'string') return value;
  const inOrder: StateValueMap = {};
  for (const [name, state] of Object.entries(node.states)) {
    const inner = Object.hasOwn(value, name) ? value[name] : undefined;
    if (inner !== undefined) inOrder[name] = inMachineOrder(inner, state);
  }
  return inOrder;
}

/** `"a"` is short for `{ a: {} }`. */
function childValues(value: Json | undefined): JsonObject | undefined {
  if (value === null || value === undefined) return {};
  if (typeof value === 'string') return { [value]: {} };
  return isJsonObject(value) ? value : undefined;
}
