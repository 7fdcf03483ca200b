/** A step as plain data, so that two of them can be compared in everything: all members of the snapshot, their order, and all actions. */
import type { AnyMachineSnapshot, AnyStateMachine, ExecutableActionObject } from 'xstate';
import { inMachineOrder } from '../../../src/core/machineShape.ts';
import { TroupeError } from '../../../src/values/failure.ts';

export type Outcome =
  { readonly step: readonly [AnyMachineSnapshot, readonly ExecutableActionObject[]] } | { readonly thrown: unknown };

/** What the step comes to: what it throws is part of it. */
export function outcomeOf(take: () => readonly [AnyMachineSnapshot, readonly ExecutableActionObject[]]): Outcome {
  try {
    const step = take();
    return step[0].status === 'error' ? { thrown: step[0].error } : { step };
  } catch (thrown) {
    return { thrown };
  }
}

/** Regions in the order of the machine definition (C4), which XState does not keep. */
export function ordered(snapshot: AnyMachineSnapshot, machine: AnyStateMachine): AnyMachineSnapshot {
  if (snapshot.status !== 'active' || !hasParallel(machine.root)) return snapshot;
  const { context, status, output, error, historyValue, children } = snapshot;
  const value = inMachineOrder(snapshot.value, machine.root);
  const resolved = machine.resolveState({ value, context, status, output, error, historyValue } as never);
  return Object.assign(resolved, { children });
}
const hasParallel = (node: AnyStateMachine['root']): boolean =>
  node.type === 'parallel' || Object.values(node.states).some((inner) => hasParallel(inner as typeof node));

/** `ids`: the ids of states, in the order of the set. */
export function plainOutcome(outcome: Outcome, machine: AnyStateMachine): unknown {
  if ('thrown' in outcome) return { thrown: messageOf(outcome.thrown) };
  const [snapshot, actions] = outcome.step;
  const { _nodes: nodes } = snapshot as unknown as { readonly _nodes: readonly { readonly id: string }[] };
  return {
    members: Object.keys(snapshot),
    value: inWritingOrder(snapshot.value),
    nodes: nodes.map(({ id }) => id),
    tags: [...snapshot.tags],
    context: plain(snapshot.context),
    status: snapshot.status,
    output: plain(snapshot.output),
    error: plain(snapshot.error),
    history: Object.entries(snapshot.historyValue as Record<string, { id: string }[]>).map(([id, remembered]) => [
      id,
      remembered.map(({ id: state }) => state),
    ]),
    children: Object.entries(snapshot.children).map(([id, child]) => [plainId(id), childOf(child)]),
    saved: savedPlain(machine, snapshot),
    actions: actions.map(({ type, params, info, exec }) => ({
      type,
      params: plain(params),
      info: [plain(info.context), plain(info.event), Object.keys(info)],
      exec: [typeof exec, (exec as { name?: string } | undefined)?.name],
    })),
  };
}

/** Without the state of the children: ours have none. */
function savedPlain(machine: AnyStateMachine, snapshot: AnyMachineSnapshot): unknown {
  // XState cannot save a child without logic.
  if (Object.values(snapshot.children).includes(undefined as never)) return undefined;
  const saved = machine.getPersistedSnapshot(snapshot as never) as unknown;
  const { children, ...rest } = saved as { readonly children: Record<string, Record<string, unknown>> };
  const references = Object.entries(children).map(([id, { snapshot: _state, ...child }]) => [
    plainId(id),
    plain(child),
  ]);
  return { ...(plain(rest) as object), references };
}

/** Both say in their own words that a step does not end. */
const messageOf = (thrown: unknown): string =>
  (thrown instanceof TroupeError && thrown.message.includes('did not come to rest')) ||
  (thrown instanceof Error && thrown.message.startsWith('Infinite loop detected'))
    ? 'endless'
    : thrown instanceof Error
      ? `${thrown.name}: ${thrown.message}`
      : String(thrown);

const inWritingOrder = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).map(([key, inner]) => [key, inWritingOrder(inner)])
    : value;

/** An id that nobody gave is that of the session. */
const plainId = (id: string): string => id.replace(/^x:\d+$/, 'x:');

const childOf = (child: unknown): unknown => {
  if (child === undefined) return undefined;
  const { id, src, systemId, options, _syncSnapshot } = child as Record<string, unknown> & {
    options: Record<string, unknown>;
  };
  return {
    id: plainId(String(id)),
    src,
    systemId,
    _syncSnapshot,
    input: plain(options.input),
    given: options.systemId,
  };
};

/** A reference to an actor is compared by its id: each step has actors of its own. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? plainId(value) : value;
  if (value instanceof Error) return messageOf(value);
  if ('sessionId' in value && 'send' in value && 'ref' in value) {
    const { id } = value as unknown as { readonly id: string };
    return { reference: /^(?:x:\d+|#self|#parent)$/.test(id) ? 'x:' : id };
  }
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [plainId(key), plain(inner)]));
}
