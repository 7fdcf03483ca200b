/** The actors of this host, in memory or not, and the addresses of those that ended lately, which can still be asked for the reply they gave. */
import type { Address } from '../values/ids.ts';
import type { ActorType } from '../core/actorType.ts';
import type { Cell } from './actor.ts';

/** One actor of this host. */
export interface Place {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  /** Undefined while the actor is not in memory. */
  cell: Cell | undefined;
  readonly listening: Disposable;
}

/** How many ended actors are remembered. */
const remembered = 1_000;

/** The actors of one host. */
export class Places {
  readonly #listen: (address: Address, run: string) => Disposable;
  readonly #byAddress = new Map<Address, Place>();
  readonly #byRun = new Map<string, Set<Place>>();
  readonly #ended = new Map<Address, Disposable>();
  /** Actors in memory. */
  readonly #inMemory = new Set<Cell>();

  /** `listen` opens an address to messages; throws `conflict` when another process listens there. */
  constructor(listen: (address: Address, run: string) => Disposable) {
    this.#listen = listen;
  }

  get awake(): ReadonlySet<Cell> {
    return this.#inMemory;
  }

  get(address: Address): Place | undefined {
    return this.#byAddress.get(address);
  }

  of(run: string): ReadonlySet<Place> {
    return this.#byRun.get(run) ?? none;
  }

  add(actor: Cell): Place {
    const { address, run, type } = actor;
    this.#forgetEnded(address);
    const registration = { address, run, type, cell: actor, listening: this.#listen(address, run) };
    this.#byAddress.set(address, registration);
    this.#inMemory.add(actor);
    const neighbours = this.#byRun.get(run);
    if (neighbours) neighbours.add(registration);
    else this.#byRun.set(run, new Set([registration]));
    return registration;
  }

  rest(registration: Place): void {
    if (registration.cell) this.#inMemory.delete(registration.cell);
    registration.cell = undefined;
  }

  wake(registration: Place, actor: Cell): void {
    registration.cell = actor;
    this.#inMemory.add(actor);
  }

  remove(registration: Place): void {
    registration.listening[Symbol.dispose]();
    this.#removeFromRun(registration);
  }

  /** An actor has ended: a repeated ask gets the same reply, and a new message is rejected. */
  end(registration: Place): void {
    this.#removeFromRun(registration);
    this.#rememberEnded(registration.address, registration.listening);
  }

  /** An actor that had ended before this process began. */
  endedBefore(address: Address, run: string): void {
    if (this.#byAddress.has(address) || this.#ended.has(address)) return;
    try {
      this.#rememberEnded(address, this.#listen(address, run));
    } catch {
      // Another process listens there already, and will answer.
    }
  }

  clear(): void {
    for (const registration of this.#byAddress.values()) this.remove(registration);
    for (const address of this.#ended.keys()) this.#forgetEnded(address);
  }

  #removeFromRun(registration: Place): void {
    this.rest(registration);
    this.#byAddress.delete(registration.address);
    const neighbours = this.#byRun.get(registration.run);
    neighbours?.delete(registration);
    if (neighbours?.size === 0) this.#byRun.delete(registration.run);
  }

  #rememberEnded(address: Address, listening: Disposable): void {
    this.#ended.set(address, listening);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > remembered && oldest !== undefined) this.#forgetEnded(oldest);
  }

  #forgetEnded(address: Address): void {
    this.#ended.get(address)?.[Symbol.dispose]();
    this.#ended.delete(address);
  }
}

const none: ReadonlySet<Place> = new Set();
