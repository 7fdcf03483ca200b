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
import type { Clock } from '../values/clock.ts';
import type { ActorRow } from '../contracts/commit.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import { actorTypeOf, requireId, type Address } from '../values/ids.ts';
import type { Observer } from '../contracts/inspection.ts';
import type { EngineTracing } from '../contracts/tracing.ts';
import type { Json } from '../values/json.ts';
import type { Journal } from '../journal/journal.ts';
import type { Transport } from '../transport/transport.ts';
import type { ActorType } from '../core/actorType.ts';
import { requireDeliverable } from '../core/validate.ts';
import { receiveForAbsent } from './absent.ts';
import { Activity } from './activity.ts';
import { Actor } from './actor.ts';
import type { ActorChange, ActorHost } from './actorHost.ts';
import type { EngineContext } from './context.ts';
import { storeDeadLetter } from './deadLetters.ts';
import type { LateTimer } from './catchUp.ts';
import { DueTimers } from './dueTimers.ts';
import { OwnedRuns } from './ownedRuns.ts';
import { InboxPoller } from './inboxPoller.ts';
import { Leases, type LeaseOptions } from './lease.ts';
import { safeObserver } from './observer.ts';
import { OutboxRelay } from './outboxRelay.ts';
import { Passivation } from './passivation.ts';
import { keepDone, type RecallPolicy } from './recall.ts';
import { Registry, type RestingActor } from './registry.ts';
import { RestingRuns, type ListedRun, type RestingHandle, type RunKeeper } from './restingRuns.ts';
import { retryWrite } from './retryWrite.ts';
import { RootEnds, type EndedRoot } from './rootEnds.ts';
import { RunStarter, type StartActorOptions } from './runStarter.ts';
import { Spawner } from './spawner.ts';
import { Stalls } from './stalls.ts';
import { Supervisors } from './supervisors.ts';
import type { Timers } from './timers.ts';
import type { RunActor } from './unit.ts';

export type { EndedRoot } from './rootEnds.ts';
export type { StartActorOptions } from './runStarter.ts';

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
  /** Is around the work of each effect; default nothing. */
  readonly tracing?: EngineTracing | undefined;
  /** What a retry of a failed run may keep; by default every child that is done. */
  readonly recall?: RecallPolicy;
  /** May a run go on from this end of its root, in any process? Then its lease is given back at once; that of any other one with the next write. Default: it may. */
  readonly mayGoOn?: (root: ActorRow) => boolean;
  /** How often messages that other processes left in the journal are looked for, in milliseconds; default 250. */
  readonly poll?: number;
  /** How long an actor with nothing to do stays in memory, in milliseconds; default 60,000. */
  readonly idle?: number;
}

/** Hosts the actors of the runs whose lease this process holds. */
export class Host implements AsyncDisposable {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly activity = new Activity();
  readonly stalls: Stalls;
  readonly #context: EngineContext;
  readonly #leases: Leases;
  readonly #runs: OwnedRuns;
  readonly #ends = new RootEnds();
  readonly #registry: Registry;
  readonly #starter: RunStarter;
  readonly #outboxRelay: OutboxRelay;
  readonly #inboxPoller: InboxPoller;
  readonly #due: DueTimers;
  readonly #passivation: Passivation;
  readonly #resting: RestingRuns;
  readonly #port: ActorHost;
  readonly #ending = new AbortController();

  constructor(options: HostOptions) {
    const { journal, transport, clock, lease, observe, recall = keepDone, poll = 250, idle = 60_000 } = options;
    this.journal = journal;
    this.clock = clock;
    const { activity } = this;
    const report = safeObserver(observe);
    this.stalls = new Stalls(clock, report);
    const context: EngineContext = {
      journal,
      clock,
      report,
      tracing: options.tracing,
      ending: this.#ending.signal,
      stalls: this.stalls,
      // No caller waits for it: a topic promises nothing.
      publish: (topic, envelope) => void transport.publish(topic, envelope).catch(() => {}),
    };
    this.#context = context;
    const epoch = (run: string) => (this.owns(run) ? this.#leases.epoch(run) : undefined);
    const onUndeliverable = (envelope: Envelope, failure: Failure, of = epoch(envelope.run)) =>
      storeDeadLetter(envelope, failure, { journal, clock, report, epoch: of });
    const receive = (envelope: Envelope): Promise<void> => this.receive(envelope).then(() => {});
    this.#registry = new Registry(transport, receive);
    this.#resting = new RestingRuns({
      clock,
      giveUp: (run) => this.#runs.giveUp(run),
      onForgotten: (root) => this.#registry.closeAwaited(root),
    });
    const wake = (run: string) => this.#resting.wake(run);
    this.#leases = new Leases(journal, clock, lease, {
      lost: (run) => {
        this.#runs.drop(run);
        this.#resting.lose(run);
      },
      released: (run) => {
        this.#resting.lose(run);
        activity.changed(run);
      },
    });
    this.#outboxRelay = new OutboxRelay({
      activity,
      transport,
      journal,
      clock,
      ending: context.ending,
      epoch,
      wake,
      onUndeliverable,
      onPause: (run) => activity.changed(run),
    });
    this.#due = new DueTimers({
      clock,
      activity,
      tolerance: Math.min(poll, 1_000),
      runOf: (address) => this.#registry.runOf(address),
      fire: (timer) => this.#fireTimer(timer),
      settled: (run) => this.#runs.settled(run),
      handIn: (run) => this.#runs.whileAway(run, () => this.#inboxPoller.poll(run)),
      onDone: (run) => {
        for (const actor of this.actorsOf(run)) actor.startHeld();
        this.#passivation.start();
      },
    });
    this.#runs = new OwnedRuns({
      context,
      activity,
      leases: this.#leases,
      registry: this.#registry,
      outboxRelay: this.#outboxRelay,
      due: this.#due,
      mayGoOn: options.mayGoOn ?? (() => true),
      withActor: (address, call) => this.#withActor(address, call),
    });
    this.#inboxPoller = new InboxPoller({
      journal,
      activity,
      clock,
      pollInterval: poll,
      owns: (run) => this.owns(run),
      hasRuns: () => this.#leases.size > 0,
      wake,
      dueFirst: (run, time) => this.#due.upTo(run, time),
      receive: (envelope) => this.receive(envelope, { isMail: true }),
      onUndeliverable,
    });
    this.#passivation = new Passivation({ registry: this.#registry, clock, idle });
    const supervisors = new Supervisors({
      context,
      run: (id) => this.#runs.require(id),
      owns: (run) => this.owns(run),
      withActor: (address, call, otherwise) => this.#withActor(address, call, otherwise),
    });
    const spawner = new Spawner({
      registry: this.#registry,
      due: this.#due,
      run: (id) => this.#runs.get(id),
      isSendingTo: (address) => this.#outboxRelay.isSendingTo(address),
      newActor: (run, type, address) => new Actor(this.#port, run, type, address),
      withActor: (address, call) => this.#withActor(address, call),
    });
    this.#port = {
      context,
      begin: (actor, pending) => {
        if (pending.kind === 'timer') this.timers.set(pending.key, pending.due, actor.address);
        else if (pending.kind === 'child') spawner.spawn(actor, pending);
        else this.#outboxRelay.send(pending.data);
      },
      end: ({ address }, { key, kind, data }) => {
        if (kind === 'timer') this.timers.cancel(key);
        else this.#withActor(data.address, (child) => child.stop(`its parent ${address} let it go`));
      },
      supervise: (actor, failure, resumable) => supervisors.decide(actor, failure, resumable),
      include: (unit, from, pending) => spawner.include(unit, from, pending),
      changed: (actor, change) => this.#changed(actor, change),
    };
    this.#starter = new RunStarter({
      context,
      registry: this.#registry,
      outboxRelay: this.#outboxRelay,
      recallPolicy: recall,
      claim: (run, root, isNew) => this.#runs.claim(run, root, isNew),
      isHere: (run) => this.owns(run),
      giveUp: (run) => this.#runs.giveUp(run),
      release: (run) => void this.#runs.releaseEnded(run).catch(() => {}),
      newActor: (run, type, address) => new Actor(this.#port, run, type, address),
      spawn: (parent, pending) => spawner.spawn(parent.state, pending),
      catchUp: (run, late) => this.#due.catchUp.add(run, late),
    });
  }

  /** The timers of all actors of this process. */
  get timers(): Timers {
    return this.#due.timers;
  }

  /** How many actors it hosts, in memory or not. */
  get actorCount(): number {
    return this.#registry.size;
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
    const task = this.activity.begin(run);
    try {
      const address = await this.#starter.start(type, options);
      this.#resting.forget(run);
      if (!this.owns(run)) return address;
      this.#inboxPoller.start();
      // Whoever leaves a message finds the run stored first.
      if (options.isNew) return address;
      // A run that is recovered is handed its messages while it catches up. What cannot be read now is read at the next poll.
      if (!this.#due.catchUp.of(run)) void this.#inboxPoller.poll(run).catch(() => {});
      return address;
    } finally {
      task[Symbol.dispose]();
    }
  }

  /**
   * Takes over a stored run that waits, and does not load it: `keeper` does when something comes for it. Rejects with `conflict` when it is not as it was listed, or
   * is here, and with `storage`; then nothing has happened.
   */
  async rest(run: string, listed: ListedRun, keeper: RunKeeper): Promise<RestingHandle> {
    await this.#starter.inTurn(run, async () => {
      if (this.owns(run)) throw new TroupeError('conflict', `The run "${run}" is here already.`);
      await this.#leases.claim(run, { asListed: listed.epoch });
      try {
        this.#registry.openAwaited(listed.root, run);
      } catch (thrown) {
        await this.#runs.giveUp(run);
        throw thrown;
      }
      this.#resting.add(run, listed, keeper);
    });
    this.#inboxPoller.start();
    return { idle: true, wake: () => this.#resting.wake(run), park: (grace) => this.park(run, grace) };
  }

  /** Continues a stored run: its root, and every actor that was active. Rejects with `unknown_recipient`, and as `start` does; `about` as in `start`. */
  async resume(run: string, type: ActorType, about?: Json): Promise<Address> {
    const [root] = await this.journal.find({ run, parent: null, limit: 1 });
    if (!root)
      throw new TroupeError(
        'unknown_recipient',
        `There is no run "${run}" in this journal. "troupe runs list" shows those there are.`,
      );
    return this.start(type, { run, isActive: root.status === 'active', ...(about === undefined ? {} : { about }) });
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

  /** An actor that is in memory; undefined for one that is not, which is loaded when a message or a timer comes for it. */
  actor(address: Address): Actor | undefined {
    return this.#registry.actor(address);
  }

  actorsOf(run: string): Actor[] {
    return this.#runs.actorsOf(run);
  }

  /** Is nothing of a run under way, so that only a timer or a message from outside can move it? `activity.watch` tells when to ask again. */
  isIdle(run: string): boolean {
    return this.activity.isIdle(run);
  }

  /** Why this process lost a run. */
  whyLost(run: string): Failure | undefined {
    return this.#runs.whyLost(run);
  }

  /** Calls when the root of a run ends here, until the result is disposed: with what the journal has of it, which need not be read then. */
  onEnd(root: Address, listener: (end: EndedRoot) => void): Disposable {
    return this.#ends.watch(root, listener);
  }

  /** Takes a message in; resolves when it is committed, with true when it had been committed before. The transport calls this. `isMail`: it was left in the journal, and a run that catches up waits for it. */
  async receive(envelope: Envelope, { isMail = false } = {}): Promise<boolean> {
    requireDeliverable(envelope, this.clock.now());
    this.timers.fireDue();
    const behind = isMail ? undefined : this.#due.catchUp.of(envelope.run);
    // `door` is the stored address type of a reply channel: what it sends comes from outside.
    if (behind && actorTypeOf(envelope.from) === 'door') await behind;
    if (this.#resting.has(envelope.run)) {
      await this.#resting.wake(envelope.run);
      return this.receive(envelope, { isMail });
    }
    if (!this.#registry.has(envelope.to))
      return receiveForAbsent(envelope, this.journal, (reply) => this.#outboxRelay.send(reply));
    return new Promise<boolean>((resolve, refuse) => {
      this.#withActor(envelope.to, (actor) =>
        actor.receive(envelope, { acknowledge: (repeated) => resolve(repeated ?? false), reject: refuse }),
      );
    });
  }

  /** Releases a run, so that it can be resumed here or in another process. Effects get `grace` milliseconds to finish, and what they result in is stored; so does the stop of what an ended root left. */
  async park(run: string, grace = 0): Promise<void> {
    await this.#resting.leave(run);
    await this.#runs.park(run, grace);
  }

  /** Drops everything at once and writes nothing, as a killed process would. */
  abandon(): void {
    // With a reason of its own: the one that Node makes records a stack.
    this.#ending.abort('The host ends.');
    this.#inboxPoller.stop();
    this.#passivation.stop();
    this.#resting.clear();
    this.#leases.abandon();
    const actors = [...this.#registry.inMemory()];
    this.#registry.clear();
    for (const actor of actors) actor.abandon();
    this.timers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resting.clear();
    try {
      await this.#runs.parkAll();
    } finally {
      this.abandon();
    }
  }

  #changed({ address, run }: RunActor, change: ActorChange): void {
    switch (change.is) {
      case 'resting':
        return this.#passivation.start();
      case 'ended': {
        if (!this.#registry.has(address)) return;
        this.#registry.end(address);
        const hosted = this.#runs.get(run);
        if (hosted?.root === address) hosted.end = change.row;
        this.#ends.tell(address, change.row, hosted?.hadRootOnly === true);
        if (this.#registry.of(run).size === 0) this.#runs.releaseEnded(run).catch(() => {});
        return;
      }
      case 'stuck': {
        const { why } = change;
        this.#context.report({ type: 'stalled', at: this.clock.now(), run, actor: address, failure: why });
        this.#runs.stop(run, why);
      }
    }
  }

  /** Never throws: the timers of other actors come next, and a message of another run may wait for them. */
  #fireTimer({ address, key }: Pick<LateTimer, 'address' | 'key'>): void {
    this.#withActor(address, (actor) => {
      try {
        actor.fireTimer(key);
      } catch (thrown) {
        this.#changed(actor, { is: 'stuck', why: toFailure(thrown) });
      }
    });
  }

  /** Calls with the actor, which is loaded when it is not in memory; calls `otherwise` when this host does not run it. */
  #withActor(address: Address, call: (actor: Actor) => void, otherwise?: () => void): void {
    const resting = this.#registry.resting(address);
    const actor = resting ? this.#load(address, resting) : this.actor(address);
    if (!actor) return otherwise?.();
    actor.whenLoaded(() => call(actor));
  }

  #load(address: Address, { run, type }: RestingActor): Actor {
    const actor = new Actor(this.#port, this.#runs.require(run), type, address);
    this.#registry.activate(actor);
    const isGone = () => this.actor(address) !== actor;
    const { clock, ending, journal, stalls } = this.#context;
    const scope = () => ({ clock, ending, gone: isGone, ...stalls.reportsOf(run, address) });
    retryWrite(() => journal.load(address), scope)
      .then((stored) => {
        if (isGone()) return;
        if (!stored) throw new TroupeError('internal', `${address} is no longer in the journal.`);
        actor.restore(stored);
        actor.resume();
      })
      .catch((thrown: unknown) =>
        isGone() ? undefined : this.#changed(actor, { is: 'stuck', why: toFailure(thrown) }),
      );
    return actor;
  }
}
