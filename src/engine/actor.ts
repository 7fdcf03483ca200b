/** One actor in memory: what comes in waits in its mailbox and is handled one after the other. */
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Restart } from '../contracts/restart.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { StoredActor } from '../contracts/commit.ts';
import type { OwnPending } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import type { Birth } from '../core/spawn.ts';
import { fromTimer, type Answer, type Delivery } from '../core/incoming.ts';
import { fromEnvelope } from '../core/validate.ts';
import { Errands } from './execute.ts';
import type { Host } from './host.ts';
import { Mailbox } from './mailbox.ts';
import { Self } from './actorState.ts';
import { Supervisor } from '../core/supervisor.ts';
import { asError, ended, gone } from '../core/rejections.ts';
import { Turns, type Command } from './handle.ts';

/** An actor in memory, with its mailbox. */
export class Cell {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  readonly supervisor: Supervisor;

  readonly #host: Host;
  readonly self: Self;
  readonly #executor: Errands;
  readonly #handler: Turns;
  readonly #mailbox: Mailbox<Delivery>;
  #command: Command | undefined;
  /** Calls that wait until the actor is loaded; undefined once it is. */
  #callsBeforeLoad: (() => void)[] | undefined = [];
  #isDraining = false;
  #isAbandoned = false;
  #idleSince = 0;

  constructor(host: Host, type: ActorType, address: Address, run: string) {
    this.#host = host;
    this.type = type;
    this.address = address;
    this.run = run;
    this.supervisor = new Supervisor(type.supervise);
    this.self = new Self(host, type, address, run);
    this.#executor = new Errands(host, this, this.self);
    this.#handler = new Turns(host, this.self, this.#executor, () => this.#isAbandoned);
    this.#mailbox = new Mailbox(address, type.mailbox);
  }

  get status(): ActorStatus {
    return this.self.status;
  }

  get parent(): Address | undefined {
    return this.self.parent;
  }

  get tags(): ReadonlySet<string> {
    return this.self.snapshot?.tags ?? new Set();
  }

  /** Is it doing something, or about to, without anything from outside? */
  get busy(): boolean {
    return this.#isDraining || this.working || this.#mailbox.size > 0 || this.#callsBeforeLoad !== undefined;
  }

  /** Are effects of it running? */
  get working(): boolean {
    return this.#executor.running > 0;
  }

  /** When the next timer is due, in milliseconds since the epoch. */
  get nextTimer(): number | undefined {
    return this.self.pendings.nextDue();
  }

  /** May it leave memory: it did nothing for `idle` milliseconds, and no timer is due soon? */
  mayRest(now: number, idle: number): boolean {
    if (
      this.busy ||
      this.#command ||
      this.status !== 'active' ||
      now - this.#idleSince < idle ||
      !this.supervisor.calm(now)
    )
      return false;
    return (this.nextTimer ?? Infinity) - now > 10 * idle;
  }

  pending(key: string): OwnPending | undefined {
    return this.self.pending(key);
  }

  /** Children in the order they were spawned. */
  childAddresses(): Address[] {
    return this.self.pendings.childAddresses();
  }

  /** The initial transition and its commit. */
  async begin(spawnInfo: Birth): Promise<void> {
    this.self.isBorn(spawnInfo);
    this.supervisor.beginsAnew();
    const work = this.#work(() =>
      this.#handler.start({ id: `${this.address}/0`, type: 'xstate.init', body: spawnInfo.input }),
    );
    this.#markLoaded();
    await work;
  }

  /** Takes over what is stored, and does nothing yet. Throws `incompatible` or `corrupt`. */
  restore(stored: StoredActor): void {
    this.self.restore(stored);
    this.#idleSince = this.#host.clock.now();
  }

  /** Continues from what was restored; after a crash, with the results that are in the ledger. */
  goOn(results?: StoredActor['results']): void {
    if (results) this.#executor.redo(results);
    this.#markLoaded();
    this.#drain();
  }

  /** Calls as soon as the actor is loaded; at once when it is. */
  whenLoaded(call: () => void): void {
    if (this.#callsBeforeLoad) this.#callsBeforeLoad.push(call);
    else call();
  }

  /** Takes a message in; one that does not fit the contract is rejected. */
  receive(envelope: Envelope, answer: Answer): void {
    this.whenLoaded(() => {
      try {
        this.deliver(fromEnvelope(this.type, envelope, (key) => this.pending(key), answer));
      } catch (thrown) {
        answer.refuse(asError(thrown));
      }
    });
  }

  /** Exactly one of `done` and `refuse` is called, now or later. */
  deliver(incoming: Delivery): void {
    if (this.#isAbandoned) return incoming.refuse(gone(this.address));
    if (this.status !== 'active') return this.#rejectLate(incoming);
    this.#mailbox.put(incoming);
    this.#drain();
  }

  /** A timer is due. */
  ring(key: string): void {
    const pending = this.#isAbandoned ? undefined : this.pending(key);
    if (pending?.kind !== 'timer') return;
    const { to, event } = pending.data;
    if (to === undefined) return this.deliver(fromTimer(pending));
    this.self.pendings.remove(key);
    this.#executor.forward(key, to, event);
  }

  stop(reason: string): void {
    this.#orderNext({ what: 'stop', reason });
  }

  restart(by: Address, failure: Failure, kept?: Restart): void {
    this.#orderNext({ what: 'restart', by, failure, ...(kept ? { kept } : {}) });
  }

  /** Stops everything and writes nothing to the journal: the process is ending, or another one holds the run's lease. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#executor.abandon();
    for (const incoming of this.#mailbox.clear()) incoming.refuse(gone(this.address));
    this.#markLoaded();
  }

  #markLoaded(): void {
    const early = this.#callsBeforeLoad ?? [];
    this.#callsBeforeLoad = undefined;
    for (const call of early) call();
  }

  #orderNext(command: Command): void {
    // A stop is final.
    if (this.#command?.what === 'stop') return;
    this.#command = command;
    this.#executor.stopEffects();
    this.#drain();
  }

  #drain(): void {
    if (!this.#isDraining && !this.#isAbandoned && !this.#callsBeforeLoad) void this.#work();
  }

  /** Everything an actor does, it does in here, one thing after the other. */
  async #work(first?: () => Promise<void>): Promise<void> {
    this.#isDraining = true;
    try {
      if (first) await first();
      while (!this.#isAbandoned && this.status === 'active') {
        const command = this.#command;
        this.#command = undefined;
        if (command?.what === 'restart') this.supervisor.beginsAnew();
        const incoming = command ? undefined : this.#mailbox.take();
        if (command) await this.#handler.obey(command);
        else if (incoming) await this.#handler.take(incoming);
        else break;
      }
    } catch (thrown) {
      if (!this.#isAbandoned) this.#host.lost(this, toFailure(thrown));
    }
    this.#isDraining = false;
    this.#idleSince = this.#host.clock.now();
    if (this.status !== 'active' && !this.#isAbandoned) {
      for (const incoming of this.#mailbox.clear()) this.#rejectLate(incoming);
      this.#host.ended(this);
    }
    this.#host.rested(this.run);
  }

  #rejectLate(incoming: Delivery): void {
    if (incoming.own) incoming.done();
    else incoming.refuse(ended(this.address, this.status));
  }
}
