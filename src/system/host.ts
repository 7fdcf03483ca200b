/**
 * The engine: hosts actors, and keeps these promises whatever is killed, delivered twice or late.
 *
 * E1 A message changes an actor's state at most once.
 * E2 Nothing happens in the world that was not committed before; what was committed happens at least once, under one key.
 * E3 A result or a timer is accepted only while its key is pending.
 * E4 One writer per actor: every commit carries the run's epoch and the actor's next revision.
 * E5 Crash anywhere and resume: same final state, same effects, no call repeated whose result was in the ledger.
 * E6 The cost of a commit does not grow with the length of the history.
 * E7 An uncertain write is never repeated blindly.
 * E8 Bounds on microsteps, restarts and mailboxes are finite by default.
 * E9 Deadlines are absolute, inherited and only shrink.
 * E10 Mailboxes are bounded, and nothing is lost in silence.
 * E11 A snapshot says which machine wrote it; another machine migrates it or leaves it alone.
 * E12 What has no name is refused when a type is defined.
 */
import type { Clock } from '../contracts/clock.ts';
import { Envelope } from '../contracts/envelope.ts';
import { toFailure, TroupeError, type Failure } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { Observer } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';
import type { ActorRow, Journal, Pending, StoredActor } from '../journal/journal.ts';
import type { Transport } from '../transport/transport.ts';
import { supervision, type ActorType } from './actorType.ts';
import { Cell, type Birth } from './cell.ts';
import type { MachineEvent } from './chart.ts';
import { Courier } from './courier.ts';
import { fromEnvelope } from './delivery.ts';
import type { ChildData } from './outbox.ts';
import { Ownership, type LeaseOptions } from './ownership.ts';
import { Supervisor, type Verdict } from './supervisor.ts';

export interface HostOptions {
  readonly journal: Journal;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly lease: LeaseOptions;
  readonly observe?: Observer;
  /** How often messages left in the journal by other processes are looked for; milliseconds. */
  readonly poll?: number;
}

export interface StartOptions {
  readonly run: string;
  readonly input: Json;
  /** Milliseconds since the epoch; everything the actor does inherits it. */
  readonly deadline?: number;
  /** Facts about the run for people and commands. */
  readonly about?: Json;
}

export class Host implements AsyncDisposable {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly courier: Courier;
  readonly observe: Observer | undefined;
  readonly #transport: Transport;
  readonly #ownership: Ownership;
  readonly #cells = new Map<Address, { cell: Cell; listening: Disposable }>();
  readonly #population = new Map<string, Set<Cell>>();
  readonly #roots = new Map<string, Supervisor>();
  readonly #rest = new Set<() => void>();
  readonly #ending = new AbortController();
  readonly #poll: number;
  #poller: Disposable | undefined;

  constructor({ journal, transport, clock, lease, observe, poll = 250 }: HostOptions) {
    this.journal = journal;
    this.clock = clock;
    this.observe = observe;
    this.#transport = transport;
    this.#poll = poll;
    this.#ownership = new Ownership(journal, clock, lease, (run) => this.#dropRun(run));
    this.courier = new Courier(transport, journal, clock, ({ run, to, id, type, from }, failure) =>
      this.dead(run, to, { id, type, from }, failure),
    );
  }

  /** Fires when the host closes. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  epoch(run: string): number {
    return this.#ownership.epoch(run);
  }

  owns(run: string): boolean {
    return this.#ownership.owns(run);
  }

  /** Starts the root actor of a run, or goes on with it when the run is known: the same run twice is one run. */
  async start(type: ActorType, { run, input, deadline, about }: StartOptions): Promise<Address> {
    const address = `${type.name}/${run}`;
    await this.#ownership.claim(run);
    const stored = await this.journal.load(address);
    if (stored) await this.#revive(type, stored);
    else {
      const birth: Birth = {
        address,
        run,
        parent: undefined,
        input,
        ...(deadline === undefined ? {} : { deadline }),
        ...(about === undefined ? {} : { about }),
      };
      await this.#live(new Cell(this, type, birth, this.clock.now())).begin();
    }
    await this.#collectMail(run);
    this.#watchMail();
    return address;
  }

  /** Goes on with a stored run: its root, and everybody who was alive. Rejects with `owned_elsewhere`, `incompatible` or `corrupt`. */
  async resume(run: string, type: ActorType): Promise<Address> {
    const [root] = await this.journal.find({ run, actor: `${type.name}/${run}` });
    if (!root)
      throw new TroupeError(
        'unknown_recipient',
        `There is no run "${run}" of "${type.name}" in this journal. "troupe runs list" shows those there are.`,
      );
    return this.start(type, { run, input: null });
  }

  /** Leaves a message for any actor of any run, whoever owns it. Durable when it resolves. */
  async post(envelope: Envelope): Promise<void> {
    const [row] = await this.journal.find({ actor: envelope.to });
    if (!row) throw new TroupeError('unknown_recipient', `No actor has the address ${envelope.to}.`);
    if (row.status !== 'active')
      throw new TroupeError(
        'conflict',
        `${envelope.to} has ended (${row.status}, ${row.state}); it takes no more messages.`,
        { data: { status: row.status } },
      );
    await this.journal.post(envelope);
    if (this.owns(row.run)) await this.#collectMail(row.run);
  }

  cell(address: Address): Cell | undefined {
    return this.#cells.get(address)?.cell;
  }

  cellsOf(run: string): Cell[] {
    return [...(this.#population.get(run) ?? [])];
  }

  /** Is nothing going on in a run by itself, so that only time or a person can move it? */
  quiet(run: string): boolean {
    return !this.courier.busy && this.cellsOf(run).every((cell) => !cell.busy);
  }

  /** Calls whenever an actor comes to rest or ends. */
  onRest(call: () => void): Disposable {
    this.#rest.add(call);
    return { [Symbol.dispose]: () => void this.#rest.delete(call) };
  }

  /** Takes a message in; resolves when it is committed. This is what the transport calls. */
  async receive(envelope: Envelope): Promise<void> {
    const entry = this.#cells.get(envelope.to);
    if (!entry) throw new TroupeError('unknown_recipient', `No actor has the address ${envelope.to}.`);
    if (envelope.deadline !== undefined && envelope.deadline < this.clock.now()) {
      throw new TroupeError(
        'expired',
        `"${envelope.type}" for ${envelope.to} came ${this.clock.now() - envelope.deadline} ms after its deadline. It was not handled.`,
      );
    }
    const { cell } = entry;
    await new Promise<void>((done, refuse) => {
      const delivery = fromEnvelope(cell.type, envelope, (key) => cell.pending(key), { done, refuse });
      Promise.resolve(cell.deliver(delivery)).catch(refuse);
    });
  }

  // What cells ask of their host.

  spawn(parent: Cell, pending: Pending, again: boolean): void {
    const data = pending.data as unknown as ChildData;
    const type = parent.type.child(data.src)!;
    const birth: Birth = {
      address: data.address,
      run: parent.run,
      parent: parent.address,
      key: pending.key,
      id: data.id,
      input: data.input,
      ...(parent.deadline === undefined ? {} : { deadline: parent.deadline }),
    };
    const begin = async () => {
      const stored = again ? await this.journal.load(data.address) : undefined;
      if (stored) return this.#revive(type, stored);
      await this.#live(new Cell(this, type, birth, this.clock.now())).begin();
    };
    begin().catch((thrown: unknown) => this.#lostChild(parent, pending, toFailure(thrown)));
  }

  stopChild(address: Address, reason: string): void {
    this.cell(address)?.stop(reason);
  }

  restart(address: Address, by: Address, failure: Failure): void {
    this.cell(address)?.restart(by, failure);
  }

  judge(cell: Cell, failure: Failure, resumable: boolean): Verdict {
    const now = this.clock.now();
    const parent = cell.parent === undefined ? undefined : this.cell(cell.parent);
    if (parent) return parent.supervisor.decide(cell.address, parent.childAddresses(), now, resumable);
    let root = this.#roots.get(cell.run);
    if (!root) this.#roots.set(cell.run, (root = new Supervisor(supervision)));
    return root.decide(cell.address, [cell.address], now, resumable);
  }

  emit(from: Address, run: string, event: MachineEvent): void {
    const topic = `${from.replace('/', '.')}.${event.type}`;
    const envelope = {
      id: `${from}/${this.clock.id()}`,
      type: event.type,
      body: event as unknown as Envelope['body'],
      from,
      to: from,
      run,
      kind: 'event' as const,
    };
    void this.#transport.publish(topic, envelope).catch(() => {}); // Nobody waits for news; a topic promises nothing.
  }

  dead(run: string, actor: Address, message: { id: string; type: string; from: Address }, failure: Failure): void {
    this.observe?.({ type: 'dead', at: this.clock.now(), run, actor, message, failure });
  }

  rested(_cell: Cell): void {
    for (const call of this.#rest) call();
  }

  ended(cell: Cell): void {
    if (!this.#remove(cell)) return;
    // The last one out gives the run back; its last messages need no lease.
    if (this.cellsOf(cell.run).length === 0) void this.#ownership.release(cell.run).catch(() => {});
    for (const call of this.#rest) call();
  }

  /** A cell that cannot go on: another owner, or a journal that refuses. Its run stops here and can be resumed. */
  lost(cell: Cell, failure: Failure): void {
    this.observe?.({ type: 'stalled', at: this.clock.now(), run: cell.run, actor: cell.address, failure });
    this.#ownership.drop(cell.run);
  }

  /** Stops taking part in a run, leaving it to be resumed. Effects get `grace` milliseconds to finish. */
  async park(run: string, grace = 0): Promise<void> {
    const until = this.clock.now() + grace;
    while (grace > 0 && this.cellsOf(run).some((cell) => cell.working) && this.clock.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.wake(until, () => resolve());
        const rest = this.onRest(() => {
          timer[Symbol.dispose]();
          rest[Symbol.dispose]();
          resolve();
        });
      });
    }
    this.#dropRun(run);
    await this.#ownership.release(run);
  }

  /** Drops everything at once and says nothing, as a killed process would. */
  abandon(): void {
    this.#ending.abort();
    this.#poller?.[Symbol.dispose]();
    this.courier.stop();
    this.#ownership.abandon();
    for (const { cell } of [...this.#cells.values()]) {
      this.#remove(cell);
      cell.abandon();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#ownership.runs) await this.park(run);
    this.abandon();
  }

  #live(cell: Cell): Cell {
    const listening = this.#transport.listen(cell.address, (envelope) => this.receive(envelope));
    this.#cells.set(cell.address, { cell, listening });
    const population = this.#population.get(cell.run);
    if (population) population.add(cell);
    else this.#population.set(cell.run, new Set([cell]));
    return cell;
  }

  #remove(cell: Cell): boolean {
    const entry = this.#cells.get(cell.address);
    if (entry?.cell !== cell) return false;
    entry.listening[Symbol.dispose]();
    this.#cells.delete(cell.address);
    const population = this.#population.get(cell.run)!;
    population.delete(cell);
    if (population.size === 0) this.#population.delete(cell.run);
    return true;
  }

  async #revive(type: ActorType, stored: StoredActor): Promise<void> {
    if (this.#cells.has(stored.actor)) return;
    const birth = stored.meta as unknown as Birth;
    const cell = new Cell(this, type, birth, stored.created);
    if (stored.status !== 'active') return this.#lastWords(stored);
    this.#live(cell);
    try {
      cell.wake(stored);
    } catch (thrown) {
      this.#remove(cell);
      throw thrown;
    }
    if (stored.parent === undefined) await this.#stopOrphans(stored.run);
  }

  /** An actor that ended may still have messages to deliver: its end, to its parent. */
  #lastWords(stored: StoredActor): void {
    for (const { key, kind, data } of stored.pending)
      if (kind === 'message') this.courier.send(data as unknown as Envelope, key);
  }

  /** A child whose parent let it go just before the crash. */
  async #stopOrphans(run: string): Promise<void> {
    const rows: ActorRow[] = await this.journal.find({ run, status: 'active', limit: 1_000_000 });
    for (const { actor, parent, meta } of rows) {
      if (parent === undefined || this.#cells.has(actor)) continue;
      const { key } = meta as unknown as Birth;
      const stored = await this.journal.load(parent);
      if (stored?.status === 'active' && stored.pending.some((pending) => pending.key === key)) continue;
      const orphan = await this.journal.load(actor);
      if (orphan) await this.#bringIn(orphan);
    }
  }

  async #bringIn(orphan: StoredActor): Promise<void> {
    const now = this.clock.now();
    const event = { id: `${orphan.actor}/stop`, type: 'troupe.stop', body: 'its parent ended' };
    const { pending, results: _results, lists: _lists, ...row } = orphan;
    await this.journal.commit({
      ...row,
      status: 'stopped',
      updated: now,
      seq: orphan.seq + 1,
      epoch: this.epoch(orphan.run),
      event,
      opens: [],
      closes: pending.map(({ key }) => key),
      results: [],
      appends: [],
    });
  }

  /** A child that cannot be brought to life fails for its parent; its stored state stays as it is. */
  #lostChild(parent: Cell, pending: Pending, failure: Failure): void {
    const { id, address } = pending.data as unknown as ChildData;
    if (failure.kind === 'fenced' || failure.kind === 'owned_elsewhere') return this.lost(parent, failure);
    const event = { type: `xstate.error.actor.${id}`, error: failure, actorId: id };
    void parent.deliver({
      own: true,
      id: `${address}/lost`,
      event,
      body: failure as unknown as Json,
      settles: pending.key,
      done() {},
      refuse() {},
    });
  }

  async #collectMail(run: string): Promise<void> {
    for (const envelope of await this.journal.mail(run)) {
      try {
        await this.receive(Envelope.parse(envelope));
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (failure.retryable || failure.kind === 'fenced') continue;
        this.dead(run, envelope.to, envelope, failure);
      }
      await this.journal.dropMail(run, envelope.id);
    }
  }

  #watchMail(): void {
    if (this.#poller || this.#ending.signal.aborted) return;
    const look = async () => {
      for (const run of this.#ownership.runs) await this.#collectMail(run).catch(() => {}); // Looked for again at the next round.
      this.#poller = undefined;
      if (this.#ownership.runs.length > 0) this.#watchMail();
    };
    this.#poller = this.clock.wake(this.clock.now() + this.#poll, () => void look());
  }

  #dropRun(run: string): void {
    for (const cell of this.cellsOf(run)) {
      this.#remove(cell);
      cell.abandon();
    }
    for (const call of this.#rest) call();
  }
}
