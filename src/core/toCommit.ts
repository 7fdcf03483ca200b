/** Makes the commit of a change: the actor's new row, and everything that changes with it. */
import type { Failure } from '../values/failure.ts';
import type { ActorStatus, Inspection } from '../contracts/inspection.ts';
import { asJson, isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import type { Commit } from '../contracts/commit.ts';
import type { Pending } from '../contracts/pending.ts';
import type { ActorType } from './actorType.ts';
import type { SpawnInfo } from './spawn.ts';
import { savedChildren, savedState, stateOf, type Snapshot } from './chart.ts';
import { saveContext, type ContextOwner, type SavedContext } from './savedContext.ts';
import { wrapSnapshot } from './snapshot.ts';
import { requirePlain } from '../values/plain.ts';

/** A change of an actor that is not stored yet. */
export interface StateChange {
  /** The snapshot after it; undefined when the actor failed before its first step. */
  readonly snapshot: Snapshot | undefined;
  /** The status after it. */
  readonly status: ActorStatus;
  /** What caused it. */
  readonly event: Commit['event'];
  /** What begins; default nothing. */
  readonly opens?: readonly Pending[];
  /** Keys of what ends; default none. */
  readonly closes?: readonly string[];
  /** Entries for the actor's lists; default none. */
  readonly appends?: Commit['appends'];
  /** Results of effects, for the ledger; default none. */
  readonly results?: Commit['results'];
  /** Why the actor failed. */
  readonly failure?: Failure;
  /** Of the children in the snapshot, those that are pending after the change, by id: the snapshot need not name them. Default none. */
  readonly running?: Pick<ReadonlySet<string>, 'has'>;
}

/** The actor as of its last commit. */
export interface CommitBase {
  /** Its type, with the machine. */
  readonly type: ActorType;
  /** What it was spawned with. */
  readonly spawnInfo: SpawnInfo;
  /** When its first commit was made; milliseconds since the epoch. */
  readonly created: number;
  /** Of the last commit. */
  readonly seq: number;
}

/** Makes the commit of a change; `saved` is its context, when it was saved already. Throws `definition` for a value that JSON would lose or change. */
export function toCommit(
  { type, spawnInfo, created, seq }: CommitBase,
  change: StateChange,
  now: number,
  epoch: number,
  saved = savedContextOf(change, spawnInfo),
): Commit {
  const { snapshot, status, event, opens = [], closes = [], appends = [], results = [], failure } = change;
  const state: JsonObject = snapshot && saved ? stateOfCommit(snapshot, saved, change) : {};
  if (state.output !== undefined) requirePlain(`The output of ${spawnInfo.address}`, state.output);
  for (const { kind, data } of opens)
    requirePlain(
      kind === 'message' ? `A message of ${spawnInfo.address}` : `The ${kind} that ${spawnInfo.address} starts`,
      data,
    );
  for (const { list, entry } of appends) requirePlain(`An entry for the list "${list}" of ${spawnInfo.address}`, entry);
  return {
    run: spawnInfo.run,
    actor: spawnInfo.address,
    type: type.name,
    parent: spawnInfo.parent,
    status,
    state: snapshot ? stateOf(snapshot.value, type.chart.machine.root) : '',
    tags: snapshot ? [...snapshot.tags] : [],
    created,
    updated: now,
    seq: seq + 1,
    meta: asJson(spawnInfo),
    snapshot: asJson(failure ? { ...wrapSnapshot(type, state), failure } : wrapSnapshot(type, state)),
    epoch,
    event,
    opens,
    closes,
    results,
    appends,
  };
}

/** Restoring takes the children from what is pending. Only one that has ended and that its machine still knows is in no other place. */
function stateOfCommit(snapshot: Snapshot, { saved }: SavedContext, { status, running }: StateChange): JsonObject {
  const state = savedState(snapshot, saved);
  if (status !== 'active') return state;
  const ended = savedChildren(snapshot.children, (id) => running?.has(id) !== true);
  return Object.keys(ended).length === 0 ? state : { ...state, children: ended };
}

/** The context of a change, saved; undefined when the actor failed before its first step. `before` is that of the last commit. */
export const savedContextOf = (
  { snapshot }: Pick<StateChange, 'snapshot'>,
  owner: ContextOwner,
  before?: SavedContext,
): SavedContext | undefined => snapshot && saveContext(snapshot.context as object, owner, before);

/** The same commit as observers see it. `value` is the XState value. */
export function commitInspection(
  { actor, run, parent, seq, updated, tags, status, event, snapshot }: Commit,
  value: Json | undefined,
  failure?: Failure,
): Inspection {
  const { machine, state } = isJsonObject(snapshot) ? snapshot : {};
  return {
    type: 'commit',
    at: updated,
    run,
    actor,
    parent,
    machine: typeof machine === 'string' ? machine : '',
    seq,
    event: { id: event.id, type: event.type, from: event.from, body: event.body },
    state: value ?? null,
    tags,
    context: (isJsonObject(state) ? state.context : null) ?? null,
    status,
    ...(failure ? { failure } : {}),
  };
}
