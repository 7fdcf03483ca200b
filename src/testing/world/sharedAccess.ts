/** One process's access to a journal that is shared through a store: a journal of its own, for each of its lives. */
import type { Journal } from '../../journal/journal.ts';
import { shared } from '../../journal/shared/shared.ts';
import type { SharedStore } from '../../journal/shared/store.ts';
import type { Upkeep } from '../../journal/shared/upkeep.ts';
import type { ProcessContext } from './faultContext.ts';
import { FaultyStore, type WorldStore } from './faultyStore.ts';

/** What the processes of a world share when each opens the journal for itself. */
export interface SharedWorld {
  readonly store: WorldStore;
  readonly upkeep: Upkeep;
  /** Plants a defect into the store of each process. */
  readonly plantInStore: (store: SharedStore) => SharedStore;
  /** Plants a defect into the journal of each process. */
  readonly plant: (journal: Journal) => Journal;
}

/** One for each life of a process. */
export class SharedAccess {
  readonly journal: Journal;
  readonly #store: FaultyStore;

  constructor({ store, upkeep, plantInStore, plant }: SharedWorld, process: ProcessContext) {
    this.#store = new FaultyStore(store, process);
    this.journal = plant(shared({ store: plantInStore(this.#store.store), clock: process.clock, upkeep }));
  }

  /** The process does not reach the store until then; milliseconds of the world's time. */
  partition(until: number): void {
    this.#store.partition(until);
  }

  /** The process stands still. */
  pause(): void {
    this.#store.pause();
  }

  resume(): void {
    this.#store.resume();
  }

  /** The process crashes: of what it had sent, a prefix arrives. */
  crash(): void {
    this.#store.crash();
  }
}
