/**
 * The engine: hosts actors, and keeps these promises whatever is killed, delivered twice or late.
 *
 * E1 A message changes the state of an actor at most once.
 * E2 Nothing happens outside the engine before the commit that requests it is stored. What was committed happens at least once, always under the
 *    same key.
 * E3 The result of an effect, and a timer, are accepted only while their key is pending.
 * E4 Each actor has one writer: every commit carries the epoch of the run's lease and the next revision of the actor.
 * E5 If a process crashes at any point and the run is resumed, the run reaches the same final state with the same effects. An effect whose result is
 *    in the ledger is not performed again.
 * E6 The cost of a commit does not grow with the length of the history.
 * E7 A write that may have happened is repeated only if it is idempotent, or once it is known that it did not happen.
 * E8 The limits of microsteps, restarts and mailboxes are finite by default.
 * E9 A deadline is a point in time. Children and effects inherit it, and can only get an earlier one. It is judged before what comes after it,
 *    also when nobody ran the actor at that time.
 * E10 Mailboxes are bounded. No message is lost silently: its sender gets the reason, or the message is stored as a dead letter with the reason.
 * E11 A snapshot names the machine that wrote it. Another machine uses it if it fits, migrates it, or leaves it unchanged.
 * E12 An actor type is refused when one of its guards, actions, effects or children has no name, or a name that is not declared.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../values/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../values/failure.ts';
import { actorTypeOf, requireId, type Address } from '../values/ids.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { isJsonObject, type Json } from '../values/json.ts';
import type { Restart } from '../contracts/restart.ts';
import { ticketType } from '../contracts/wait.ts';
import type { Commit, StoredActor } from '../contracts/commit.ts';
import type { PendingChild } from '../contracts/pending.ts';
import type { Journal } from '../journal/journal.ts';
import type { Transport } from '../transport/transport.ts';
import { defaultSupervision, type ActorType } from '../core/actorType.ts';
import { Stalls } from './stalls.ts';
import { Timers } from './timers.ts';
import { spawnInfoOf, childSpawnInfo, type SpawnInfo } from '../core/spawn.ts';
import { Activity } from './activity.ts';
import { Actor } from './actor.ts';
import type { ActorHost, ParentActor, RunActor, SupervisedActor, UndeliveredMessage } from './actorHost.ts';
import type { MachineEvent } from '../core/chart.ts';
import { OutboxRelay } from './outboxRelay.ts';
import { storeDeadLetter } from './deadLetters.ts';
import { fromChild } from '../core/incoming.ts';
import { storedListName } from '../core/stepChange.ts';
import { requireDeliverable } from '../core/validate.ts';
import { wasHandled } from './duplicates.ts';
import { InboxPoller } from './inboxPoller.ts';
import { CatchUp, type LateTimer } from './catchUp.ts';
import { safeObserver } from './observer.ts';
import { Leases, type LeaseOptions } from './lease.ts';
import { retryWrite } from './retryWrite.ts';
import { effectOptionsOf } from './effects.ts';
import { keepDone, Recall, type RecallPolicy } from './recall.ts';
import { Registry, type Registration } from './registry.ts';
import { Passivation } from './passivation.ts';
import { loadRun, stopOrphans } from './recovery.ts';
import { restartsSince } from './restartHistory.ts';
import { Supervisor, type SupervisorDecision } from '../core/supervisor.ts';
import { endedError } from '../core/rejections.ts';

/** What a host works with. */
export interface HostOptions {
  /** Where commits are stored and read back. */
  readonly journal: Journal;
  /** How messages travel between actors. */
  readonly transport: Transport;
  /** Time, randomness and ids. */
  readonly clock: Clock;
  /** How this process takes and keeps the leases of its runs. */
  readonly lease: LeaseOptions;
  /** Called with every inspection event; default none. */
  readonly observe?: Observer;
  /** What a retry of a failed run may keep; by default every child that is done. */
  readonly recall?: RecallPolicy;
  /** How often messages that other processes left in the journal are looked for, in milliseconds; default 250. */
  readonly poll?: number;
  /** How long an actor with nothing to do stays in memory, in milliseconds; default 60,000. */
  readonly idle?: number;
}

/** What a run is started with. */
export interface StartActorOptions {
  /** The id of the run; the key of its root actor's address. */
  readonly run: string;
  /** Left out when a stored run is resumed. */
  readonly input?: Json;
  /** Milliseconds since the epoch; everything the actor starts inherits it. */
  readonly deadline?: number;
  /** Facts about the run for people and commands. */
  readonly about?: Json;
  /** What lists of the root begin with, in the commit that begins the run; nothing by default. A stored run has them already. */
  readonly appends?: Commit['appends'];
  /** Begins a stored run again that has failed, and keeps what succeeded. Called with its root once this process owns the run; throws when it may not be retried. */
  readonly retry?: (root: StoredActor) => void;
}

/** The address of the root actor of a run. */
export const rootAddress = ({ name }: Pick<ActorType, 'name'>, run: string): Address => `${name}/${run}`;

/** Hosts the actors of the runs whose lease this process holds. */
export class Host implements ActorHost, AsyncDisposable {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly activity = new Activity();
  readonly outboxRelay: OutboxRelay;
  readonly timers: Timers;
  readonly report: (event: Inspection) => void;
  readonly stalls: Stalls;
  readonly #lostRuns = new Map<string, Failure>();
  readonly #transport: Transport;
  readonly #leases: Leases;
  readonly #registry: Registry;
  readonly #inboxPoller: InboxPoller;
  readonly #passivation: Passivation;
  readonly #catchUp: CatchUp;
  /** A timer that is later than so many milliseconds shows that this process was suspended. */
  readonly #tolerance: number;
  readonly #starting = new Map<string, Promise<Address>>();
  readonly #rootSupervisors = new Map<string, Supervisor>();
  readonly #recallPolicy: RecallPolicy;
  readonly #roots = new Map<string, Address>();
  readonly #recalls = new Map<string, Recall>();
  readonly #ending = new AbortController();

  constructor({
    journal,
    transport,
    clock,
    lease,
    observe,
    recall = keepDone,
    poll = 250,
    idle = 60_000,
  }: HostOptions) {
    this.journal = journal;
    this.clock = clock;
    this.#recallPolicy = recall;
    this.report = safeObserver(observe);
    this.stalls = new Stalls(clock, this.report);
    this.#transport = transport;
    const epochOf = (run: string) => (this.owns(run) ? this.epoch(run) : undefined);
    const storeUndeliverable = (envelope: Envelope, failure: Failure, epoch = epochOf(envelope.run)) =>
      storeDeadLetter(envelope, failure, { journal, clock, report: this.report, epoch });
    const receive = (envelope: Envelope): Promise<void> => this.receive(envelope).then(() => {});
    this.#registry = new Registry((address, run) => transport.listen(address, receive, run));
    const { activity } = this;
    this.#leases = new Leases(journal, clock, lease, {
      lost: (run) => this.#dropRun(run),
      released: (run) => activity.changed(run),
    });
    this.outboxRelay = new OutboxRelay({
      activity,
      transport,
      journal,
      clock,
      ending: this.ending,
      epoch: epochOf,
      onUndeliverable: storeUndeliverable,
      onPause: (run) => activity.changed(run),
    });
    this.#tolerance = Math.min(poll, 1_000);
    this.timers = new Timers(clock, (due) => this.#fire(due));
    this.#catchUp = new CatchUp({
      activity,
      fire: (timer) => this.#fireTimer(timer),
      settled: (run) => this.#settled(run),
      handIn: (run) => this.#retry(run, run, () => this.#inboxPoller.poll(run)),
      onDone: (run) => {
        for (const actor of this.actorsOf(run)) actor.startHeld();
        this.actorRests();
      },
    });
    this.#inboxPoller = new InboxPoller({
      journal,
      activity,
      clock,
      pollInterval: poll,
      runs: () => this.#leases.runs,
      dueFirst: (run, time) => {
        this.timers.fireDue();
        return this.#catchUp.upTo(run, time);
      },
      receive: (envelope) => this.receive(envelope),
      onUndeliverable: storeUndeliverable,
    });
    this.#passivation = new Passivation({ registry: this.#registry, clock, idle });
  }

  /** Fires when the host closes. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  epoch(run: string): number {
    return this.#leases.epoch(run);
  }

  owns(run: string): boolean {
    return this.#leases.holds(run);
  }

  /**
   * Starts the root actor of a run, or continues it when the run is stored: the same run twice is one run.
   * Rejects with `owned_elsewhere`, `conflict` (the run is another one), `incompatible`, `corrupt` or `storage`; then nothing has happened.
   */
  async start(type: ActorType, options: StartActorOptions): Promise<Address> {
    const { run } = options;
    requireId('A run', run);
    using _ = this.activity.begin(run);
    const earlier = this.#starting.get(run);
    const started = earlier
      ? earlier.then(
          () => this.#start(type, options),
          () => this.#start(type, options),
        )
      : this.#start(type, options);
    this.#starting.set(run, started);
    try {
      return await started;
    } finally {
      if (this.#starting.get(run) === started) this.#starting.delete(run);
    }
  }

  /** Continues a stored run: its root, and every actor that was active. Rejects with `unknown_recipient`, and as `start` does; `about` as in `start`. */
  async resume(run: string, type: ActorType, about?: Json): Promise<Address> {
    const [root] = await this.journal.find({ run, parent: null, limit: 1 });
    if (!root)
      throw new TroupeError(
        'unknown_recipient',
        `There is no run "${run}" in this journal. "troupe runs list" shows those there are.`,
      );
    return this.start(type, { run, ...(about === undefined ? {} : { about }) });
  }

  /** Leaves a message for any actor of any run, whichever process runs it. Durable when it resolves. */
  async post(envelope: Envelope): Promise<void> {
    const [row] = await this.journal.find({ actor: envelope.to });
    if (!row) throw new TroupeError('unknown_recipient', `No actor has the address ${envelope.to}.`);
    const { run, status, state } = row;
    if (status !== 'active')
      throw new TroupeError('conflict', `${envelope.to} has ended (${status}, ${state}); it takes no more messages.`, {
        data: { status },
      });
    await this.journal.post({ ...envelope, run, posted: this.clock.now() });
    if (this.owns(run)) await this.#inboxPoller.poll(run).catch(() => {}); // The message is durable, and is found at the next poll.
  }

  /** May something be started for the run? False when another process holds its lease. Waits while the journal cannot tell. */
  async confirmLease(run: string, gone: () => boolean): Promise<boolean> {
    const { clock, ending } = this;
    const stalled = () => {}; // A commit that stalls is reported; this only follows one.
    return await retryWrite(() => this.#leases.confirm(run), { clock, ending, gone, stalled }).catch(() => false);
  }

  isLeaseCurrent(run: string): boolean {
    return this.#leases.isCurrent(run);
  }

  /** An actor that is in memory; undefined for one that is not, which is loaded when a message or a timer comes for it. */
  actor(address: Address): Actor | undefined {
    return this.#registry.get(address)?.actor;
  }

  actorsOf(run: string): Actor[] {
    return [...this.#registry.of(run)].flatMap(({ actor }) => actor ?? []);
  }

  /** Is nothing of a run under way, so that only a timer or a message from outside can move it? `activity.watch` tells when to ask again. */
  isIdle(run: string): boolean {
    return this.activity.isIdle(run);
  }

  /** Takes a message in; resolves when it is committed, with true when it had been committed before. The transport calls this. */
  async receive(envelope: Envelope): Promise<boolean> {
    requireDeliverable(envelope, this.clock.now());
    this.timers.fireDue();
    const behind = this.#catchUp.of(envelope.run);
    // `door` is the stored address type of a reply channel: what it sends comes from outside.
    if (behind && actorTypeOf(envelope.from) === 'door') await behind;
    if (!this.#registry.get(envelope.to)) return this.#receiveForAbsent(envelope);
    return new Promise<boolean>((resolve, refuse) => {
      this.#withActor(envelope.to, (actor) =>
        actor.receive(envelope, { acknowledge: (repeated) => resolve(repeated ?? false), reject: refuse }),
      );
    });
  }

  // What actors ask of their host: ActorHost.

  recall(run: string): Recall | undefined {
    return this.#recalls.get(run);
  }

  spawn(parent: ParentActor, pending: PendingChild): void {
    const { data } = pending;
    try {
      const type = parent.type.child(data.src);
      if (!type) throw new TroupeError('internal', `"${parent.type.name}" has no child machine "${data.src}".`);
      const actor = new Actor(this, type, data.address, parent.run);
      this.#registry.add(actor);
      const spawnInfo = childSpawnInfo(parent, pending.key, data);
      const kind = { name: type.name, machine: type.chart.machine.id };
      const kept = this.recall(parent.run)?.child(spawnInfo, kind, (name) => effectOptionsOf(parent.type, name));
      void actor.start(spawnInfo, kept);
    } catch (thrown) {
      // The child could not be started: to its parent, it failed.
      const end = { error: toFailure(thrown) };
      this.#withActor(parent.address, (actor) =>
        actor.enqueue(fromChild(`${data.address}/lost`, data.address, pending, end)),
      );
    }
  }

  stopChild(address: Address, reason: string): void {
    this.#withActor(address, (actor) => actor.stop(reason));
  }

  /** A list of any actor of a run, for the effects of another one. Waits while the journal cannot be read. */
  async listOf(run: string, address: Address, name: string): Promise<readonly Json[]> {
    const there = this.actor(address)?.state;
    if (there && there.run === run && there.seq > 0) return there.list(name);
    return this.#retry(run, address, async () => {
      const [row] = await this.journal.find({ actor: address });
      return row?.run === run ? this.journal.list(address, storedListName(spawnInfoOf(row), name)) : [];
    });
  }

  restart(address: Address, by: Address, failure: Failure, record?: Restart): void {
    this.#withActor(address, (actor) => actor.restart(by, failure, record));
  }

  async superviseFailure(
    { address, parent, run }: SupervisedActor,
    failure: Failure,
    resumable: boolean,
  ): Promise<SupervisorDecision> {
    const now = this.clock.now();
    const parentActor =
      parent === undefined
        ? undefined
        : await new Promise<Actor | undefined>((resolve) => this.#withActor(parent, resolve, () => resolve(undefined)));
    const supervisor = parentActor?.supervisor ?? this.#rootSupervisor(run);
    const began = parentActor?.state.spawnInfo.began ?? 0;
    const read = (since: number) =>
      restartsSince(this.journal, { run, parent: parent ?? null }, Math.max(since, began));
    if (!supervisor.hasHistory) await this.#retry(run, address, () => supervisor.loadHistory(read, now));
    return supervisor.decide(address, parentActor?.childAddresses() ?? [address], now, resumable);
  }

  #rootSupervisor(run: string): Supervisor {
    const known = this.#rootSupervisors.get(run);
    if (known) return known;
    const made = new Supervisor(defaultSupervision);
    this.#rootSupervisors.set(run, made);
    return made;
  }

  /** Waits while the journal is away. */
  #retry<T>(run: string, actor: Address, ask: () => Promise<T>): Promise<T> {
    const { clock, ending, stalls } = this;
    return retryWrite(ask, { clock, ending, gone: () => !this.owns(run), ...stalls.reportsOf(run, actor) });
  }

  emit(from: Address, run: string, event: MachineEvent): void {
    const topic = `${from.replace('/', '.')}.${event.type}`;
    const envelope = {
      id: `${from}/${this.clock.id()}`,
      type: event.type,
      body: event,
      from,
      to: from,
      run,
      kind: 'event' as const,
    };
    void this.#transport.publish(topic, envelope).catch(() => {}); // No caller waits for it: a topic promises nothing.
  }

  /** Reports a message that no actor took and that a commit stores. */
  reportDeadLetter(run: string, actor: Address, message: UndeliveredMessage, failure: Failure): void {
    this.report({ type: 'dead', at: this.clock.now(), run, actor, message, failure });
  }

  readonly failRun = (run: string, error: TroupeError): boolean => {
    const root = this.#roots.get(run);
    if (root === undefined || !this.owns(run)) return false;
    this.#withActor(root, (actor) => actor.fail(toFailure(error)));
    return true;
  };

  actorRests(): void {
    this.#passivation.start();
  }

  lateFirst(run: string): Promise<void> | undefined {
    this.timers.fireDue(this.#tolerance);
    return this.#catchUp.of(run);
  }

  /**
   * Timers that are due now fire at once. A run catches up after a time in which this process was suspended, and at the deadline of a ticket: what a
   * person has left for it in time, through another process, comes first.
   */
  #fire(due: readonly LateTimer[]): void {
    const now = this.clock.now();
    const byRun = new Map<string | undefined, LateTimer[]>();
    for (const timer of due) {
      const run = this.#registry.get(timer.address)?.run;
      byRun.set(run, [...(byRun.get(run) ?? []), timer]);
    }
    for (const [run, timers] of byRun) {
      const looksFirst = ({ address, due: at }: LateTimer) =>
        now - at > this.#tolerance || actorTypeOf(address) === ticketType;
      if (run !== undefined && (this.#catchUp.of(run) || timers.some(looksFirst))) this.#catchUp.add(run, timers);
      else for (const timer of timers) this.#fireTimer(timer);
    }
  }

  #fireTimer({ address, key }: Pick<LateTimer, 'address' | 'key'>): void {
    this.#withActor(address, (actor) => actor.fireTimer(key));
  }

  /** Resolves when no message of the run is on its way or being taken, or this process no longer runs it. */
  #settled(run: string): Promise<void> {
    const isSettled = () =>
      !this.owns(run) || (!this.outboxRelay.isMoving(run) && this.actorsOf(run).every((actor) => !actor.isHandling));
    return new Promise((resolve) => {
      if (isSettled()) return resolve();
      const listener = this.activity.watch(run, () => {
        if (!isSettled()) return;
        listener[Symbol.dispose]();
        resolve();
      });
    });
  }

  actorEnded({ address, run }: RunActor): void {
    const registration = this.#registry.get(address);
    if (!registration) return;
    this.#registry.end(registration);
    // The last actor of a run gives back the lease; messages that are still being sent need none.
    if (this.#registry.of(run).size === 0) this.#releaseLease(run).catch(() => {});
  }

  /** An actor cannot go on: the lease is lost, or the journal refuses. Its run stops in this process and can be resumed. */
  stopRun({ address, run }: RunActor, failure: Failure): void {
    this.report({ type: 'stalled', at: this.clock.now(), run, actor: address, failure });
    this.#lostRuns.set(run, failure);
    this.#leases.drop(run);
  }

  /** Why this process lost a run. */
  whyLost(run: string): Failure | undefined {
    return this.#lostRuns.get(run);
  }

  /** Releases a run, so that it can be resumed here or in another process. Effects get `grace` milliseconds to finish. */
  async park(run: string, grace = 0): Promise<void> {
    const until = this.clock.now() + grace;
    while (this.clock.now() < until && this.actorsOf(run).some(({ hasRunningEffects }) => hasRunningEffects))
      await this.activity.nextChange(run, this.clock, until);
    this.#dropRun(run);
    await this.#leases.release(run);
  }

  /** Drops everything at once and writes nothing, as a killed process would. */
  abandon(): void {
    this.#ending.abort();
    this.#inboxPoller.stop();
    this.#passivation.stop();
    this.#leases.abandon();
    const actors = [...this.#registry.inMemory];
    this.#registry.clear();
    for (const actor of actors) actor.abandon();
    this.timers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const run of this.#leases.runs) await this.park(run);
    } finally {
      this.abandon();
    }
  }

  async #start(type: ActorType, options: StartActorOptions): Promise<Address> {
    const { run, input, deadline, about, appends } = options;
    const address = rootAddress(type, run);
    if (this.#registry.get(address)) {
      await this.#requireSame(address, options);
      return address;
    }
    this.#lostRuns.delete(run);
    const turn = this.clock.turn?.();
    if (turn) await turn;
    if (!options.retry && (await this.#hasEnded(address, options))) return address;
    await this.#leases.claim(run);
    this.#roots.set(run, address);
    try {
      await this.#requireSame(address, options);
      const stored = await this.journal.load(address);
      if (stored && options.retry) await this.#reopen(type, stored, options);
      else if (stored) await this.#recover(type, stored);
      else
        await this.#spawnRoot(
          type,
          {
            address,
            run,
            parent: undefined,
            input: input ?? null,
            ...(deadline === undefined ? {} : { deadline }),
            ...(about === undefined ? {} : { about }),
          },
          appends,
        );
    } catch (thrown) {
      this.#dropRun(run);
      await this.#leases.release(run).catch(() => {});
      throw thrown;
    }
    this.#inboxPoller.start();
    // What cannot be read now is read at the next poll.
    if (this.owns(run)) void this.#inboxPoller.poll(run).catch(() => {});
    return address;
  }

  /** Has the run ended, with nothing of it left to do? Its end never changes, so it is read without the lease, and nothing is written. */
  async #hasEnded(address: Address, options: StartActorOptions): Promise<boolean> {
    const { run } = options;
    const [root] = await this.journal.find({ actor: address });
    if (!root || root.status === 'active') return false;
    const isOver =
      (await this.journal.find({ run, status: 'active', limit: 1 })).length === 0 &&
      (await this.journal.undelivered(run)).length === 0;
    if (!isOver) return false;
    await this.#requireSame(address, options);
    this.#registry.addEnded(address, run);
    return true;
  }

  /** One key is one run: of one type, with one name and one input. */
  async #requireSame(address: Address, { run, input, about }: StartActorOptions): Promise<void> {
    const [root] = await this.journal.find({ run, parent: null, limit: 1 });
    if (!root) return;
    const spawnInfo = spawnInfoOf(root);
    const nameOf = (facts: Json | undefined) =>
      isJsonObject(facts) && typeof facts.name === 'string' ? facts.name : undefined;
    const difference =
      root.actor !== address
        ? `is ${root.actor}, not ${address}`
        : about !== undefined && nameOf(about) !== nameOf(spawnInfo.about)
          ? `is of "${nameOf(spawnInfo.about)}", not of "${nameOf(about)}"`
          : input !== undefined && !isDeepStrictEqual(input, spawnInfo.input)
            ? 'was started with another input'
            : undefined;
    if (difference)
      throw new TroupeError(
        'conflict',
        `The run "${run}" ${difference}. The same key is the same run: choose another key, or go on with it by "troupe runs resume ${run}".`,
        { data: { run, differs: true } },
      );
  }

  async #spawnRoot(type: ActorType, spawnInfo: SpawnInfo, appends?: Commit['appends']): Promise<void> {
    const actor = new Actor(this, type, spawnInfo.address, spawnInfo.run);
    const supervisor = new Supervisor(defaultSupervision);
    supervisor.reset();
    this.#rootSupervisors.set(spawnInfo.run, supervisor);
    this.#registry.add(actor);
    await actor.start(spawnInfo, undefined, appends);
    const failure = this.#lostRuns.get(spawnInfo.run);
    if (failure) throw fromFailure(failure);
    // It was abandoned before its first commit, because this process closes or the lease went to another one: nobody keeps this run.
    if (actor.state.seq === 0)
      throw new TroupeError(
        'storage',
        `The run "${spawnInfo.run}" is not known to be stored: this process lost it while its beginning was being written. Start it again under its key.`,
      );
  }

  /** Begins the root of an ended run again. What its earlier life left is settled first: nothing of it may reach the new one. */
  async #reopen(type: ActorType, stored: StoredActor, { retry, deadline }: StartActorOptions): Promise<void> {
    retry?.(stored);
    const { journal, clock } = this;
    const { run, actor: address, seq, created } = stored;
    const before = spawnInfoOf(stored);
    await stopOrphans(journal, run, new Set(), this.epoch(run), clock.now());
    for (const message of await journal.undelivered(run)) await this.#leaveBehind(message);
    const began = clock.now();
    const due =
      deadline ?? (before.deadline === undefined ? undefined : began + before.deadline - (before.began ?? created));
    const spawnInfo: SpawnInfo = {
      ...before,
      life: (before.life ?? 0) + 1,
      began,
      retries: [...(before.retries ?? []), seq + 1],
      ...(due === undefined ? {} : { deadline: due }),
    };
    await this.#recallFor(run, spawnInfo);
    const actor = new Actor(this, type, address, run);
    this.#registry.add(actor);
    await actor.reopen(stored, spawnInfo);
    const failure = this.#lostRuns.get(run);
    if (failure) throw fromFailure(failure);
  }

  /** A message that an earlier life of a run did not deliver: others still get it, the actors of the run do not. */
  async #leaveBehind(message: Envelope): Promise<void> {
    const [recipient] = await this.journal.find({ actor: message.to });
    if (recipient?.run !== message.run) return this.outboxRelay.send(message);
    const failure = toFailure(
      new TroupeError('conflict', 'The run had ended before it was delivered, and was retried.'),
    );
    const { journal, clock, report } = this;
    await storeDeadLetter(message, failure, { journal, clock, report, epoch: this.epoch(message.run) });
  }

  async #recallFor(run: string, root: SpawnInfo): Promise<void> {
    const recall = await Recall.load(this.journal, root, this.#recallPolicy);
    if (recall) this.#recalls.set(run, recall);
  }

  /** Every actor is restored before any of them acts, so that no message arrives before its recipient. */
  async #recover(type: ActorType, root: StoredActor): Promise<void> {
    const { run } = root;
    if (root.status === 'active') await this.#recallFor(run, spawnInfoOf(root));
    const { actors: members, unspawned } = await loadRun(this.journal, type, root);
    const actors = members.map((member) => {
      const actor = new Actor(this, member.type, member.stored.actor, run);
      actor.restore(member.stored);
      return { actor, results: member.stored.results };
    });
    for (const { actor } of actors) this.#registry.add(actor);
    await stopOrphans(
      this.journal,
      run,
      new Set(members.map(({ stored }) => stored.actor)),
      this.epoch(run),
      this.clock.now(),
    );
    for (const message of await this.journal.undelivered(run)) this.outboxRelay.send(message);
    for (const { parent, pending } of unspawned) {
      const actor = this.actor(parent);
      if (actor) this.spawn(actor.state, pending);
    }
    const late = actors.flatMap(({ actor, results }) => actor.resume(results));
    if (late.length > 0) this.#catchUp.add(run, late);
    else for (const { actor } of actors) actor.startHeld();
    if (actors.length > 0) return;
    this.#registry.addEnded(root.actor, run);
    await this.#releaseLease(run);
  }

  /** Calls with the actor, which is loaded when it is not in memory; calls `otherwise` when this host does not run it. */
  #withActor(address: Address, call: (actor: Actor) => void, otherwise?: () => void): void {
    const registration = this.#registry.get(address);
    if (!registration) return otherwise?.();
    const actor = registration.actor ?? this.#load(registration);
    actor.whenLoaded(() => call(actor));
  }

  #load(registration: Registration): Actor {
    const actor = new Actor(this, registration.type, registration.address, registration.run);
    this.#registry.activate(registration, actor);
    const { clock, ending, journal, stalls } = this;
    retryWrite(() => journal.load(registration.address), {
      clock,
      ending,
      gone: () => registration.actor !== actor,
      ...stalls.reportsOf(registration.run, registration.address),
    })
      .then((stored) => {
        if (registration.actor !== actor) return;
        if (!stored) throw new TroupeError('internal', `${registration.address} is no longer in the journal.`);
        actor.restore(stored);
        actor.resume();
      })
      .catch((thrown: unknown) => (registration.actor === actor ? this.stopRun(actor, toFailure(thrown)) : undefined));
    return actor;
  }

  /** A message for an actor that this host does not run: it may have ended, and have answered before that; or not be resumed yet. */
  async #receiveForAbsent({ to, id, body, kind, from }: Envelope): Promise<boolean> {
    const message = { id, body, asker: kind === 'ask' ? from : undefined };
    if (await wasHandled(this.journal, to, message, (reply) => this.outboxRelay.send(reply))) return true;
    const [row] = await this.journal.find({ actor: to });
    if (!row) throw new TroupeError('unknown_recipient', `No actor has the address ${to}.`);
    if (row.status !== 'active') throw endedError(to, row.status);
    throw new TroupeError(
      'owned_elsewhere',
      `${to} is alive, but not in this process; its run ${row.run} can be resumed.`,
    );
  }

  async #releaseLease(run: string): Promise<void> {
    this.#rootSupervisors.delete(run);
    this.#recalls.delete(run);
    this.#roots.delete(run);
    await this.#leases.release(run);
  }

  #dropRun(run: string): void {
    this.stalls.forget(run);
    this.#rootSupervisors.delete(run);
    this.#recalls.delete(run);
    this.#roots.delete(run);
    this.outboxRelay.release(run);
    this.#catchUp.drop(run);
    this.timers.cancelAllOf(new Set([...this.#registry.of(run)].map(({ address }) => address)));
    for (const registration of this.#registry.of(run)) {
      const { actor } = registration;
      this.#registry.remove(registration);
      actor?.abandon();
    }
    this.activity.changed(run);
  }
}
