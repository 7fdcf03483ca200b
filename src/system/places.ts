/** The actors of this host, in memory or not, and the addresses of those that ended lately, which can still be asked for the reply they gave. */
import type { Address } from '../contracts/ids.ts';
import type { ActorType } from './actorType.ts';
import type { Cell } from './cell.ts';

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

export class Places {
  readonly #listen: (address: Address, run: string) => Disposable;
  readonly #places = new Map<Address, Place>();
  readonly #runs = new Map<string, Set<Place>>();
  readonly #ended = new Map<Address, Disposable>();
  /** Actors in memory. */
  readonly #awake = new Set<Cell>();

  /** `listen` opens an address to messages; throws `conflict` when another process listens there. */
  constructor(listen: (address: Address, run: string) => Disposable) {
    this.#listen = listen;
  }

  get awake(): ReadonlySet<Cell> {
    return this.#awake;
  }

  get(address: Address): Place | undefined {
    return this.#places.get(address);
  }

  of(run: string): ReadonlySet<Place> {
    return this.#runs.get(run) ?? nobody;
  }

  add(cell: Cell): Place {
    const { address, run, type } = cell;
    this.#forget(address);
    const place = { address, run, type, cell, listening: this.#listen(address, run) };
    this.#places.set(address, place);
    this.#awake.add(cell);
    const neighbours = this.#runs.get(run);
    if (neighbours) neighbours.add(place);
    else this.#runs.set(run, new Set([place]));
    return place;
  }

  rest(place: Place): void {
    if (place.cell) this.#awake.delete(place.cell);
    place.cell = undefined;
  }

  wake(place: Place, cell: Cell): void {
    place.cell = cell;
    this.#awake.add(cell);
  }

  remove(place: Place): void {
    place.listening[Symbol.dispose]();
    this.#leave(place);
  }

  /** An actor has ended: a repeated ask gets the same reply, and a new message is rejected. */
  end(place: Place): void {
    this.#leave(place);
    this.#remember(place.address, place.listening);
  }

  /** An actor that had ended before this process began. */
  endedBefore(address: Address, run: string): void {
    if (this.#places.has(address) || this.#ended.has(address)) return;
    try {
      this.#remember(address, this.#listen(address, run));
    } catch {
      // Another process listens there already, and will answer.
    }
  }

  clear(): void {
    for (const place of this.#places.values()) this.remove(place);
    for (const address of this.#ended.keys()) this.#forget(address);
  }

  #leave(place: Place): void {
    this.rest(place);
    this.#places.delete(place.address);
    const neighbours = this.#runs.get(place.run);
    neighbours?.delete(place);
    if (neighbours?.size === 0) this.#runs.delete(place.run);
  }

  #remember(address: Address, listening: Disposable): void {
    this.#ended.set(address, listening);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > remembered && oldest !== undefined) this.#forget(oldest);
  }

  #forget(address: Address): void {
    this.#ended.get(address)?.[Symbol.dispose]();
    this.#ended.delete(address);
  }
}

const nobody: ReadonlySet<Place> = new Set();
