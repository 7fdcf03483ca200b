/** Does a stored snapshot fit the machine of today? It is used when it fits, migrated when it does not, and left alone when that fails (E11). */
import type { StoredActor } from '../contracts/commit.ts';
import { TroupeError } from '../values/failure.ts';
import { asJson, isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import type { ActorType } from './actorType.ts';
import { savedChildren } from './chart.ts';
import { activeNodes, everyNode, unknownStates } from './machineShape.ts';

/** What a commit stores as `snapshot`. */
export type StoredSnapshot = {
  readonly format: 1;
  readonly machine: string;
  /** Of the machine's shape and its context's schema. */
  readonly hash: string;
  readonly state: JsonObject;
  /** Keys of the context that are there and undefined, which JSON cannot say. */
  readonly unset?: readonly string[];
};

/** Wraps a saved state with what is needed to check it later. */
export function wrapSnapshot(type: ActorType, state: JsonObject): StoredSnapshot {
  const wrapped: StoredSnapshot = { format: 1, machine: type.chart.machine.id, hash: type.hash, state };
  const unset = unsetKeysOf(state.context);
  return unset.length === 0 ? wrapped : { ...wrapped, unset };
}

function unsetKeysOf(context: Json | undefined): string[] {
  const unset: string[] = [];
  if (isJsonObject(context)) for (const key in context) if (context[key] === undefined) unset.push(key);
  return unset;
}

/** The saved state, ready for `type.chart.restore`. Throws `incompatible` (it no longer fits) or `corrupt` (it is no snapshot). */
export function unwrapSnapshot(type: ActorType, stored: StoredActor): JsonObject {
  const wrapped = withPendingChildren(requireStoredSnapshot(stored), stored);
  const problems = misfits(type, wrapped, stored);
  if (problems.length === 0) return withUnsetKeys(wrapped);
  if (type.migrate) {
    const state = type.migrate(withUnsetKeys(wrapped), wrapped.hash);
    if (!isJsonObject(state)) throw notMigrated(type, stored, [...problems, 'after migrate: it gave no snapshot']);
    const migrated = { ...wrapSnapshot(type, state), hash: wrapped.hash };
    // Its timers were named by the machine that set them: migrate() is responsible for them.
    const still = misfits(type, migrated, {
      ...stored,
      pending: stored.pending.filter(({ kind }) => kind !== 'timer'),
    });
    if (still.length === 0) return state;
    problems.push(...still.map((problem) => `after migrate: ${problem}`));
  }
  throw notMigrated(type, stored, problems);
}

const notMigrated = (type: ActorType, { actor }: StoredActor, problems: readonly string[]) =>
  new TroupeError(
    'incompatible',
    `${actor} was written by another machine and does not fit "${type.chart.machine.id}":\n${problems.map((p) => `- ${p}`).join('\n')}\nIt stays as it is. Run it with the version that wrote it, or give its type a migrate().`,
    { data: { actor, problems } },
  );

function requireStoredSnapshot({ actor, snapshot }: StoredActor): StoredSnapshot {
  const wrapped = snapshot as StoredSnapshot | null;
  if (
    typeof wrapped !== 'object' ||
    typeof wrapped?.state !== 'object' ||
    wrapped.state === null ||
    typeof wrapped.hash !== 'string'
  ) {
    throw new TroupeError(
      'corrupt',
      `The snapshot of ${actor} is not one: expected { format, machine, hash, state }. Its bytes are kept; see "troupe doctor".`,
    );
  }
  if (wrapped.format === 1) return wrapped;
  throw new TroupeError(
    'incompatible',
    `The snapshot of ${actor} has format ${String(wrapped.format)}; this version reads format 1. Run it with the version of troupe that wrote it.`,
  );
}

/** A commit leaves to its pendings what is running. Earlier versions named all children. */
function withPendingChildren(wrapped: StoredSnapshot, { pending }: StoredActor): StoredSnapshot {
  const running = Object.fromEntries(
    pending.flatMap(({ kind, data }) => (kind === 'effect' || kind === 'child' ? [[data.id, data] as const] : [])),
  );
  const { children } = wrapped.state;
  const all = { ...savedChildren(running, () => true), ...(isJsonObject(children) ? children : {}) };
  return { ...wrapped, state: { ...wrapped.state, children: all } };
}

const withUnsetKeys = ({ state, unset = [] }: StoredSnapshot): JsonObject =>
  unset.length === 0
    ? state
    : {
        ...state,
        context: asJson({
          ...(isJsonObject(state.context) ? state.context : {}),
          ...Object.fromEntries(unset.map((key) => [key, undefined])),
        }),
      };

/** What does not fit. With the same hash, only what the hash does not cover is checked. */
function misfits(type: ActorType, wrapped: StoredSnapshot, stored: StoredActor): string[] {
  const { machine } = type.chart;
  const { state } = wrapped;
  const value = unknownStates(machine.root, state.value);
  const same = wrapped.hash === type.hash && wrapped.machine === machine.id;
  return [
    ...(wrapped.machine === machine.id ? [] : [`it is a snapshot of the machine "${wrapped.machine}"`]),
    ...(['active', 'done', 'error', 'stopped'].some((status) => status === state.status)
      ? []
      : [`its status is ${JSON.stringify(state.status)}`]),
    ...value,
    ...contextMisfits(type, wrapped, stored, same),
    ...(same || value.length > 0 ? [] : [...historyMisfits(type, state), ...timerMisfits(type, state, stored)]),
    ...stored.pending.flatMap(({ kind, data }) => {
      if (kind !== 'effect' && kind !== 'child') return [];
      const { id, src } = data;
      const isGone = !Object.hasOwn(machine.implementations.actors, src);
      return isGone ? [`"${id}" is running, and its actor "${src}" is gone`] : [];
    }),
  ];
}

function contextMisfits(
  type: ActorType,
  { state: { context }, unset = [] }: StoredSnapshot,
  { meta }: StoredActor,
  same: boolean,
): string[] {
  if (typeof context !== 'object' || context === null) return ['it has no context'];
  if (type.context) {
    const parsed = same ? undefined : type.context.safeParse(context);
    return parsed?.error?.issues.map(({ path, message }) => `context.${path.map(String).join('.')}: ${message}`) ?? [];
  }
  const there = new Set([...Object.keys(context), ...unset]);
  return startingKeys(type, meta)
    .filter((key) => !there.has(key))
    .map((key) => `context has no "${key}", which the machine now starts with`);
}

function startingKeys(type: ActorType, meta: Json): string[] {
  try {
    const [fresh] = type.chart.initial(isJsonObject(meta) ? meta.input : undefined);
    return Object.entries<unknown>(fresh.context).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  } catch {
    return []; // The present machine cannot start from that input, so only the states are compared.
  }
}

/** XState would forget, without an error, where a history state leads back to. */
function historyMisfits({ chart }: ActorType, { historyValue }: JsonObject): string[] {
  const ids = new Set(everyNode(chart.machine.root).map(({ id }) => id));
  const remembered = Object.values((historyValue ?? {}) as Record<string, readonly { id: string }[]>).flat();
  return remembered
    .filter(({ id }) => !ids.has(id))
    .map(({ id }) => `its history leads back to state "${id}", which is gone`);
}

/** A timer under a name that no active state knows would fire without any effect, for ever. */
function timerMisfits({ chart }: ActorType, { value }: JsonObject, { pending }: StoredActor): string[] {
  const known = new Set(activeNodes(chart.machine.root, value).flatMap((node) => [...node.transitions.keys()]));
  return pending.flatMap(({ kind, data }) => {
    const type = kind === 'timer' ? data.event.type : '';
    return type.startsWith('xstate.after.') && !known.has(type)
      ? [`the timer "${type}" is running, and no active state waits for it any more`]
      : [];
  });
}
