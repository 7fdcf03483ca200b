/** The actors of this host, in memory or not, and the addresses of those that ended lately, which can still be asked for the reply they gave. */
import type { Address } from '../values/ids.ts';
import type { ActorType } from '../core/actorType.ts';
import type { Actor } from './actor.ts';

/** One actor of this host. */
export interface Registration {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  /** Undefined while the actor is not in memory. */
  actor: Actor | undefined;
  readonly listener: Disposable;
}

/** How many ended actors are remembered. */
const maxEnded = 1_000;

/** The actors of one host. */
export class Registry {
  readonly #listen: (address: Address, run: string) => Disposable;
  readonly #byAddress = new Map<Address, Registration>();
  readonly #byRun = new Map<string, Set<Registration>>();
  readonly #ended = new Map<Address, Disposable>();
  /** Actors in memory. */
  readonly #inMemory = new Set<Actor>();

  /** `listen` opens an address to messages; throws `conflict` when another process listens there. */
  constructor(listen: (address: Address, run: string) => Disposable) {
    this.#listen = listen;
  }

  get inMemory(): ReadonlySet<Actor> {
    return this.#inMemory;
  }

  /** How many actors there are, in memory or not. */
  get size(): number {
    return this.#byAddress.size;
  }

  get(address: Address): Registration | undefined {
    return this.#byAddress.get(address);
  }

  of(run: string): ReadonlySet<Registration> {
    return this.#byRun.get(run) ?? noRegistrations;
  }

  add(actor: Actor): Registration {
    const { address, run, type } = actor;
    this.#forgetEnded(address);
    const registration = { address, run, type, actor, listener: this.#listen(address, run) };
    this.#byAddress.set(address, registration);
    this.#inMemory.add(actor);
    const neighbours = this.#byRun.get(run);
    if (neighbours) neighbours.add(registration);
    else this.#byRun.set(run, new Set([registration]));
    return registration;
  }

  passivate(registration: Registration): void {
    if (registration.actor) this.#inMemory.delete(registration.actor);
    registration.actor = undefined;
  }

  activate(registration: Registration, actor: Actor): void {
    registration.actor = actor;
    this.#inMemory.add(actor);
  }

  remove(registration: Registration): void {
    registration.listener[Symbol.dispose]();
    this.#removeFromRun(registration);
  }

  /** An actor has ended: a repeated ask gets the same reply, and a new message is rejected. */
  end(registration: Registration): void {
    this.#removeFromRun(registration);
    this.#rememberEnded(registration.address, registration.listener);
  }

  /** An actor that had ended before this process began. */
  addEnded(address: Address, run: string): void {
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

  #removeFromRun(registration: Registration): void {
    this.passivate(registration);
    this.#byAddress.delete(registration.address);
    const neighbours = this.#byRun.get(registration.run);
    neighbours?.delete(registration);
    if (neighbours?.size === 0) this.#byRun.delete(registration.run);
  }

  #rememberEnded(address: Address, listening: Disposable): void {
    this.#ended.set(address, listening);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#forgetEnded(oldest);
  }

  #forgetEnded(address: Address): void {
    this.#ended.get(address)?.[Symbol.dispose]();
    this.#ended.delete(address);
  }
}

const noRegistrations: ReadonlySet<Registration> = new Set();
