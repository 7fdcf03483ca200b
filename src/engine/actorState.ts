/** The state of an actor as of its last commit, or the one that is being stored, and the commit that its next step would make. Nothing here writes, sends or waits, except that a list is read. */
import type { Address } from '../values/ids.ts';
import { TroupeError } from '../values/failure.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import { type Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import type { ActorRow, Commit, StoredActor } from '../contracts/commit.ts';
import type { ListFold } from '../contracts/effect.ts';
import type { OwnPending } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import { spawnInfoOf, type SpawnInfo } from '../core/spawn.ts';
import type { Snapshot, MachineStep } from '../core/chart.ts';
import { savedContextOf, toCommit, type StateChange } from '../core/toCommit.ts';
import { unwrapSnapshot } from '../core/snapshot.ts';
import type { CommitBuilder } from '../core/commitBuilder.ts';
import type { SavedContext } from '../core/savedContext.ts';
import { ActorLists } from './lists.ts';
import { stepChange, storedListName, type StepCause, type SteppingActor } from '../core/stepChange.ts';
import { endMessageFor } from '../core/systemMessages.ts';
import { PendingSet } from '../core/pendingSet.ts';
import { withUnsettledEffects } from '../core/unsettledEffects.ts';
import { retryWrite } from './retryWrite.ts';
import type { EngineContext } from './context.ts';
import type { HostedRun } from './hostedRun.ts';

/** The event of an actor that did not begin, because it had succeeded before. */
const keptEvent = 'troupe.kept';

/** A change that is not stored yet: the commit that stores it, and what follows once it is stored. */
export interface PlannedCommit {
  readonly change: StateChange;
  readonly commit: Commit;
  /** The context as the commit stores it. */
  readonly saved: SavedContext | undefined;
  readonly builder?: CommitBuilder;
}

/** A change that the state has taken over. */
export interface AppliedChange {
  /** The pendings that it closes. */
  readonly closed: readonly OwnPending[];
  /** Makes the state what it was before. */
  undo(): void;
}

/** The state of one actor. */
export class ActorState implements SteppingActor {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  readonly pendings = new PendingSet();
  /** What a change closes that is being stored, by key: it is still awaited if the change is refused. Undefined while there is nothing. */
  #closing: Map<string, OwnPending> | undefined;
  readonly #context: EngineContext;
  readonly #hostedRun: HostedRun;
  #lists: ActorLists;
  /** Changes that are being stored, in their order; undefined until there is one. */
  #storing: PlannedCommit[] | undefined;
  /** Of so many of them the lists have the entries already, and had so many entries before. */
  #ahead: { count: number; readonly lengths: Readonly<Record<string, number>> } | undefined;
  #spawned: SpawnInfo | undefined;
  #created = 0;
  #snapshot: Snapshot | undefined;
  #saved: SavedContext | undefined;
  #seq = 0;
  #status: ActorStatus = 'active';
  #end: ActorRow | undefined;

  constructor(context: EngineContext, run: HostedRun, type: ActorType, address: Address) {
    this.#context = context;
    this.#hostedRun = run;
    this.type = type;
    this.address = address;
    this.run = run.id;
    this.#lists = this.#newLists();
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  get status(): ActorStatus {
    return this.#status;
  }

  /** Known once it was spawned or restored. */
  get spawnInfo(): SpawnInfo {
    if (!this.#spawned) throw new TroupeError('internal', `${this.address} has not begun.`);
    return this.#spawned;
  }

  get parent(): Address | undefined {
    return this.#spawned?.parent;
  }

  /** The earlier of the deadline it inherited and the one of its type, in milliseconds since the epoch. */
  get deadline(): number | undefined {
    const { deadline: inherited, began = this.#created } = this.#spawned ?? {};
    const { deadline: own } = this.type;
    return own === undefined ? inherited : Math.min(inherited ?? Infinity, began + own);
  }

  get children(): ReadonlyMap<string, string> {
    return this.pendings.children;
  }

  get timers(): ReadonlyMap<string, string> {
    return this.pendings.timers;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Its row, once its end is stored; undefined before, and when it had ended before this process had it. */
  get end(): ActorRow | undefined {
    return this.#end;
  }

  pending(key: string): OwnPending | undefined {
    return this.pendings.get(key);
  }

  /** What is pending as of the last commit that is stored, or of the one that is being stored. */
  awaited(key: string): OwnPending | undefined {
    return this.pendings.get(key) ?? this.#closing?.get(key);
  }

  /** A key of the next commit. */
  key(index: number): string {
    return `${this.address}/${this.#seq + 1}/${index}`;
  }

  list(name: string): Promise<readonly Json[]> {
    return this.#lists.get(storedListName(this.spawnInfo, name));
  }

  fold<T>(name: string, fold: ListFold<T>): Promise<T> {
    return this.#lists.fold(storedListName(this.spawnInfo, name), fold);
  }

  /** The lists have what is being stored, too, from now on. */
  readAhead(): void {
    this.#ahead ??= { count: 0, lengths: this.#lists.lengths };
    for (const plan of this.#storing?.slice(this.#ahead.count) ?? []) this.#appendEntries(plan);
    this.#ahead.count = this.#storing?.length ?? 0;
  }

  #appendEntries({ commit }: PlannedCommit): void {
    for (const { list, entry } of commit.appends) this.#lists.append(list, entry);
  }

  /** A restart from the beginning: the lists begin anew. */
  startOver(): void {
    const { spawnInfo } = this;
    this.#spawned = { ...spawnInfo, life: (spawnInfo.life ?? 0) + 1, began: this.#context.clock.now() };
  }

  /** Goes on from an end, with what it is spawned with now: nothing of its state stays, and its commits follow the last one. */
  reopen({ created, seq, lists }: StoredActor, spawnInfo: SpawnInfo): void {
    this.#spawned = spawnInfo;
    this.#created = created;
    this.#seq = seq;
    this.#lists = this.#newLists(lists);
  }

  begin(spawnInfo: SpawnInfo): void {
    this.#spawned = spawnInfo;
    this.#created = this.#context.clock.now();
  }

  /** Throws `incompatible` or `corrupt`. */
  restore(stored: StoredActor): void {
    this.#snapshot = this.type.chart.restore(unwrapSnapshot(this.type, stored));
    this.#spawned = spawnInfoOf(stored);
    this.#created = stored.created;
    this.#seq = stored.seq;
    this.#status = stored.status;
    this.#lists = this.#newLists(stored.lists);
    for (const pending of stored.pending) this.pendings.add(pending);
  }

  /** The commit of a step. Throws when an action of the machine cannot be stored. */
  step(step: MachineStep, before: Snapshot | undefined, cause: StepCause): PlannedCommit {
    const number = { seq: this.#seq + 1, now: this.#context.clock.now() };
    const { change, builder } = stepChange(this, before, step, cause, number);
    return this.plan(change, builder);
  }

  /** A change that no step of the machine makes: a stop, a failure, or a message that becomes a dead letter. */
  plan(asked: StateChange, builder?: CommitBuilder): PlannedCommit {
    const { type, spawnInfo } = this;
    const change = withUnsettledEffects(asked, (key) => this.pendings.get(key));
    const base = { type, spawnInfo, created: this.#created, seq: this.#seq };
    const saved = savedContextOf(change, spawnInfo, this.#saved);
    const commit = toCommit(base, change, this.#context.clock.now(), this.#hostedRun.epoch, saved);
    return { change, commit, saved, ...(builder ? { builder } : {}) };
  }

  /** The end that another actor had come to before, as the end of this one. */
  planKept({ actor, state, tags, snapshot }: ActorRow, event: StateChange['event']): PlannedCommit {
    const { output = null } = propertiesOf(propertiesOf(snapshot)['state']) as { output?: Json };
    const opens = endMessageFor(this.spawnInfo, this.key(0), { output });
    const { commit, change, saved } = this.plan({
      snapshot: undefined,
      status: 'done',
      event: { ...event, type: keptEvent, body: actor },
      opens,
    });
    return { change, saved, commit: { ...commit, state, tags, snapshot } };
  }

  /** Takes over a change that is being stored. Returns how to take it back. */
  apply(plan: PlannedCommit): AppliedChange {
    const { change, commit, saved } = plan;
    const before = { snapshot: this.#snapshot, saved: this.#saved, seq: this.#seq, status: this.#status };
    this.#snapshot = change.snapshot;
    this.#saved = saved;
    this.#seq = commit.seq;
    this.#status = change.status;
    const closed = commit.closes.flatMap((key) => this.pendings.remove(key) ?? []);
    for (const pending of closed) (this.#closing ??= new Map()).set(pending.key, pending);
    for (const pending of commit.opens) this.pendings.add(pending);
    (this.#storing ??= []).push(plan);
    const undo = () => {
      this.#storing?.pop();
      if (this.#ahead) this.#lists = this.#newLists(this.#ahead.lengths);
      this.#ahead = undefined;
      this.#snapshot = before.snapshot;
      this.#saved = before.saved;
      this.#seq = before.seq;
      this.#status = before.status;
      this.#settle(closed.map(({ key }) => key));
      this.pendings.undo(commit.opens, closed);
    };
    return { closed, undo };
  }

  /** A change is stored: its entries are in the actor's lists, and nobody awaits any more what it closes. */
  stored(plan: PlannedCommit): void {
    const { commit } = plan;
    this.#settle(commit.closes);
    if (commit.status !== 'active') this.#end = commit;
    this.#storing?.shift();
    if (!this.#ahead) return this.#appendEntries(plan);
    this.#ahead.count--;
    if (this.#ahead.count <= 0) this.#ahead = undefined;
  }

  #settle(closes: readonly string[]): void {
    for (const key of closes) this.#closing?.delete(key);
    if (this.#closing?.size === 0) this.#closing = undefined;
  }

  #newLists(lengths?: Readonly<Record<string, number>>): ActorLists {
    return new ActorLists((name, length) => this.#readList(name, length), lengths);
  }

  /** Retries while the journal cannot be read: the caller only waits longer. */
  async #readList(name: string, length: number): Promise<Json[]> {
    const { journal, clock, ending, stalls } = this.#context;
    const gone = () => this.#status !== 'active';
    // What is being stored is not in the journal yet.
    const ahead = this.#storing
      ?.slice(0, this.#ahead?.count ?? 0)
      .flatMap(({ commit }) => commit.appends.flatMap(({ list, entry }) => (list === name ? [entry] : [])));
    const scope = () => ({ clock, ending, gone, ...stalls.reportsOf(this.run, this.address) });
    const stored = await retryWrite(() => journal.list(this.address, name, 0, length - (ahead?.length ?? 0)), scope);
    return ahead && ahead.length > 0 ? [...stored, ...ahead] : stored;
  }
}
