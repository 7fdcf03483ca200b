/** The state of an actor as of its last commit, and the commit its next step would be. Nothing here writes, sends or waits, except that a list is read. */
import { deadLetters } from '../contracts/deadLetter.ts';
import type { Address } from '../values/ids.ts';
import { TroupeError, type Failure } from '../values/failure.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import { asJson, type Json } from '../values/json.ts';
import type { Commit, StoredActor } from '../contracts/commit.ts';
import type { OwnPending } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import { birthOf, lastMoment, type Birth } from '../core/spawn.ts';
import type { Snapshot, Step } from '../core/chart.ts';
import { commitOf, type Change } from '../core/toCommit.ts';
import { open as openSnapshot } from '../core/snapshot.ts';
import type { Delivery } from '../core/incoming.ts';
import type { Draft, Sender } from '../core/commitBuilder.ts';
import { farewell } from '../core/systemMessages.ts';
import { Lists } from './lists.ts';
import { outboxOf } from '../core/outbox.ts';
import { Pendings } from '../core/pendingSet.ts';
import { untilStored } from './retryWrite.ts';
import type { Surroundings } from './engineContext.ts';

/** A change that is not stored yet: the commit it would be, and what follows from it. */
export interface Plan {
  readonly change: Change;
  readonly commit: Commit;
  readonly draft?: Draft;
}

/** What commits are built with: the engine's context, and the epoch of the lease. */
export interface Keeping extends Surroundings {
  epoch(run: string): number;
}

/** The state of one actor. */
export class Self implements Sender {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  readonly pendings = new Pendings();
  readonly #context: Keeping;
  #lists: Lists;
  #spawned: Birth | undefined;
  #created = 0;
  #snapshot: Snapshot | undefined;
  #seq = 0;
  #status: ActorStatus = 'active';

  constructor(context: Keeping, type: ActorType, address: Address, run: string) {
    this.#context = context;
    this.type = type;
    this.address = address;
    this.run = run;
    this.#lists = this.#newLists();
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  get status(): ActorStatus {
    return this.#status;
  }

  /** Known once it was spawned or restored. */
  get birth(): Birth {
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

  pending(key: string): OwnPending | undefined {
    return this.pendings.get(key);
  }

  /** A key of the next commit. */
  key(index: number): string {
    return `${this.address}/${this.#seq + 1}/${index}`;
  }

  list(name: string): Promise<readonly Json[]> {
    return this.#lists.get(this.#nameOfList(name));
  }

  /** A restart from the beginning: the lists begin anew. */
  beginsAnew(): void {
    const { birth: spawnInfo } = this;
    this.#spawned = { ...spawnInfo, life: (spawnInfo.life ?? 0) + 1, began: this.#context.clock.now() };
  }

  #nameOfList(name: string): string {
    const { life = 0 } = this.birth;
    return life === 0 ? name : `${name}~${life}`;
  }

  isBorn(spawnInfo: Birth): void {
    this.#spawned = spawnInfo;
    this.#created = this.#context.clock.now();
  }

  /** Throws `incompatible` or `corrupt`. */
  restore(stored: StoredActor): void {
    this.#snapshot = this.type.chart.restore(openSnapshot(this.type, stored));
    this.#spawned = birthOf(stored);
    this.#created = stored.created;
    this.#seq = stored.seq;
    this.#status = stored.status;
    this.#lists = this.#newLists(stored.lists);
    for (const pending of stored.pending) this.pendings.add(pending);
  }

  /** The commit of a step. `ends` are keys of pendings that end with it, `beside` what the engine adds to the actor's lists. Throws when an action of the machine cannot be stored. */
  step(
    step: Step,
    before: Snapshot | undefined,
    event: Change['event'],
    { settles, result }: Pick<Delivery, 'settles' | 'result'>,
    ends: readonly string[] = [],
    beside: Commit['appends'] = [],
  ): Plan {
    const [snapshot, { length: index }] = step;
    const draft = outboxOf(this, before, step, this.#seq + 1, this.#context.clock.now(), event.id);
    const settled = settles === undefined ? [] : [settles];
    const appends = [
      ...beside,
      ...draft.appends.map(({ list, entry }) => ({ list: this.#nameOfList(list), entry })),
      ...draft.astray.map((deadLetter) => ({ list: deadLetters, entry: asJson(deadLetter) })),
    ];
    const common = { snapshot, event, appends, results: result ? [result] : [] };
    if (snapshot.status !== 'done') {
      const opens = before ? draft.opens : [...draft.opens, ...lastMoment(this.birth, draft.key(index))];
      return this.plan({ ...common, status: 'active', opens, closes: [...settled, ...ends, ...draft.closes] }, draft);
    }
    const endMessage = farewell(this.birth, draft.key(index), { output: snapshot.output ?? null });
    const opens = [...draft.opens.filter(({ kind }) => kind === 'message'), ...endMessage];
    return this.plan(
      { ...common, status: 'done', opens, closes: [...settled, ...this.pendings.endingWith(settled)] },
      draft,
    );
  }

  /** A change that no step of the machine makes: a stop, a failure, or a message that becomes a dead letter. */
  plan(change: Change, draft?: Draft): Plan {
    const standing = { type: this.type, birth: this.birth, created: this.#created, seq: this.#seq };
    const commit = commitOf(standing, change, this.#context.clock.now(), this.#context.epoch(this.run));
    return { change, commit, ...(draft ? { draft } : {}) };
  }

  /** The change is stored: the actor now is what it says. Returns the pendings that are closed. */
  adopt({ change, commit }: Plan): OwnPending[] {
    this.#snapshot = change.snapshot;
    this.#seq = commit.seq;
    this.#status = change.status;
    const over = commit.closes.flatMap((key) => this.pendings.remove(key) ?? []);
    for (const pending of commit.opens) this.pendings.add(pending);
    for (const { list, entry } of commit.appends) this.#lists.added(list, entry);
    return over;
  }

  #newLists(lengths?: Readonly<Record<string, number>>): Lists {
    return new Lists((name, length) => this.#readList(name, length), lengths);
  }

  /** Waits while the journal is away: the reader is not told of that. */
  #readList(name: string, length: number): Promise<Json[]> {
    const { journal, clock, ending, tell } = this.#context;
    const stalled = (failure: Failure) =>
      tell({ type: 'stalled', at: clock.now(), run: this.run, actor: this.address, failure });
    const gone = () => this.#status !== 'active';
    return untilStored(() => journal.list(this.address, name, 0, length), { clock, ending, gone, stalled });
  }
}
