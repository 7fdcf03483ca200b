/** The actors of this host, in memory or not, and the addresses of those that ended lately, which can still be asked for the reply they gave. */
import type { Envelope } from '../contracts/envelope.ts';
import type { ActorType } from '../core/actorType.ts';
import type { Transport } from '../transport/transport.ts';
import type { Address } from '../values/ids.ts';
import type { Actor } from './actor.ts';

/** What is known of an actor that is not in memory. Those of one type in one run share it, so that each of them costs two entries and its address. */
export interface RestingActor {
  readonly run: string;
  readonly type: ActorType;
}

/** The actors of one run. */
interface RunActors {
  readonly addresses: Set<Address>;
  readonly resting: Map<ActorType, RestingActor>;
}

/**
 * Holds an actor that is in memory, and is emptied when it leaves. The JavaScript engine replaces the table of a map whose keys come and go, and a replaced table
 * that has grown old keeps its entries, and those of the tables after it, until the next full collection: emptied, they keep no actors.
 */
interface Holder {
  actor: Actor | undefined;
}

/** How many ended actors are remembered. */
const maxEnded = 1_000;

/** The actors of one host. */
export class Registry {
  readonly #inMemory = new Map<Address, Holder>();
  readonly #resting = new Map<Address, RestingActor>();
  readonly #byRun = new Map<string, RunActors>();
  readonly #ended = new Set<Address>();
  /** The roots of runs that are not loaded. */
  readonly #awaited = new Set<Address>();
  readonly #addresses: OpenAddresses;

  /** `receive` gets the messages to all of them. */
  constructor(transport: Pick<Transport, 'listen'>, receive: (envelope: Envelope) => Promise<void>) {
    this.#addresses = openAddresses(
      transport,
      receive,
      (address) => this.has(address) || this.#ended.has(address) || this.#awaited.has(address),
    );
  }

  /** Actors in memory. */
  *inMemory(): Generator<Actor> {
    for (const { actor } of this.#inMemory.values()) if (actor) yield actor;
  }

  /** Is no actor in memory? */
  get isEmpty(): boolean {
    return this.#inMemory.size === 0;
  }

  /** How many actors there are, in memory or not. */
  get size(): number {
    return this.#inMemory.size + this.#resting.size;
  }

  /** Is it an actor of this host that has not ended? */
  has(address: Address): boolean {
    return this.#inMemory.has(address) || this.#resting.has(address);
  }

  /** An actor in memory. */
  actor(address: Address): Actor | undefined {
    return this.#inMemory.get(address)?.actor;
  }

  /** An actor that is not in memory. */
  resting(address: Address): RestingActor | undefined {
    return this.#resting.get(address);
  }

  runOf(address: Address): string | undefined {
    return (this.actor(address) ?? this.#resting.get(address))?.run;
  }

  /** The addresses of a run's actors. */
  of(run: string): ReadonlySet<Address> {
    return this.#byRun.get(run)?.addresses ?? noAddresses;
  }

  /** Opens the address of an actor to messages. Throws `conflict` when another process listens there. */
  add(actor: Actor): void {
    const { address, run } = actor;
    this.#forgetEnded(address);
    this.closeAwaited(address);
    this.#addresses.open(address, run);
    this.#inMemory.set(address, { actor });
    this.#actorsOf(run).addresses.add(address);
  }

  /** Opens the address of a root that is not loaded, for all actors of its run. Throws `conflict` when another process listens there. */
  openAwaited(root: Address, run: string): void {
    this.#forgetEnded(root);
    this.#addresses.open(root, run, true);
    this.#awaited.add(root);
  }

  /** It is loaded, or not here any more. */
  closeAwaited(root: Address): void {
    if (this.#awaited.delete(root)) this.#addresses.close(root);
  }

  passivate({ address, run, type }: Actor): void {
    this.#leave(address);
    const { resting } = this.#actorsOf(run);
    const shared = resting.get(type) ?? { run, type };
    resting.set(type, shared);
    this.#resting.set(address, shared);
  }

  activate(actor: Actor): void {
    this.#resting.delete(actor.address);
    this.#inMemory.set(actor.address, { actor });
  }

  remove(address: Address): void {
    this.#forget(address);
    this.#addresses.close(address);
  }

  /** An actor has ended: a repeated ask gets the same reply, and a new message is rejected. */
  end(address: Address): void {
    this.#forget(address);
    this.#rememberEnded(address);
  }

  /** An actor that had ended before this process began. */
  addEnded(address: Address, run: string): void {
    if (this.has(address) || this.#ended.has(address)) return;
    try {
      this.#addresses.open(address, run);
    } catch {
      return; // Another process listens there already, and will answer.
    }
    this.#rememberEnded(address);
  }

  /** Closes all addresses, for good. */
  clear(): void {
    this.#inMemory.clear();
    this.#resting.clear();
    this.#byRun.clear();
    this.#ended.clear();
    this.#awaited.clear();
    this.#addresses[Symbol.dispose]();
  }

  #actorsOf(run: string): RunActors {
    const known = this.#byRun.get(run);
    if (known) return known;
    const actors = { addresses: new Set<Address>(), resting: new Map<ActorType, RestingActor>() };
    this.#byRun.set(run, actors);
    return actors;
  }

  #forget(address: Address): void {
    const run = this.runOf(address) ?? '';
    this.#leave(address);
    this.#resting.delete(address);
    const addresses = this.#byRun.get(run)?.addresses;
    addresses?.delete(address);
    if (addresses?.size === 0) this.#byRun.delete(run);
  }

  #leave(address: Address): void {
    const holder = this.#inMemory.get(address);
    if (!holder) return;
    holder.actor = undefined;
    this.#inMemory.delete(address);
  }

  #rememberEnded(address: Address): void {
    this.#ended.add(address);
    const [oldest] = this.#ended;
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#forgetEnded(oldest);
  }

  #forgetEnded(address: Address): void {
    if (this.#ended.delete(address)) this.#addresses.close(address);
  }
}

const noAddresses: ReadonlySet<Address> = new Set();

/** The addresses at which a host listens. */
interface OpenAddresses extends Disposable {
  /** Throws `conflict` when another one listens there. */
  open(address: Address, run: string, isForRun?: boolean): void;
  close(address: Address): void;
}

/** A transport that asks the host needs no listener for each address; any other one has them. */
function openAddresses(
  transport: Pick<Transport, 'listen'>,
  receive: (envelope: Envelope) => Promise<void>,
  has: (address: Address) => boolean,
): OpenAddresses {
  const listening = transport.listen.forHost?.({ has, receive });
  if (listening)
    return {
      open: (address) => listening.requireFree(address),
      close() {},
      [Symbol.dispose]: () => listening[Symbol.dispose](),
    };
  const listeners = new Map<Address, Disposable>();
  return {
    open: (address, run, isForRun) => void listeners.set(address, transport.listen(address, receive, run, isForRun)),
    close(address) {
      listeners.get(address)?.[Symbol.dispose]();
      listeners.delete(address);
    },
    [Symbol.dispose]() {
      for (const listener of listeners.values()) listener[Symbol.dispose]();
      listeners.clear();
    },
  };
}
