/** What an actor has wished for and is not settled: its running effects, its children, its timers. Messages are the courier's. */
import type { Address } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import type { Pending } from '../journal/journal.ts';
import type { MachineEvent } from './chart.ts';

export interface EffectData {
  readonly id: string;
  readonly src: string;
  readonly input: Json;
}
export interface ChildData extends EffectData {
  readonly address: Address;
}
export interface TimerData {
  readonly id: string | undefined;
  readonly event: MachineEvent;
  /** Where the event goes when not to the actor itself: a delayed sendTo. */
  readonly to?: Address;
}

export class Pendings {
  /** Keys of what is running, by the child's id; of timers, by theirs. */
  readonly children = new Map<string, string>();
  readonly timers = new Map<string, string>();
  readonly #all = new Map<string, Pending>();

  get(key: string): Pending | undefined {
    return this.#all.get(key);
  }

  has(key: string): boolean {
    return this.#all.has(key);
  }

  [Symbol.iterator](): Iterator<Pending> {
    return this.#all.values();
  }

  add(pending: Pending): void {
    this.#all.set(pending.key, pending);
    const { id } = pending.data as { id?: string };
    if (id !== undefined) this.#idsOf(pending).set(id, pending.key);
  }

  /** Gives back what was there. */
  remove(key: string): Pending | undefined {
    const pending = this.#all.get(key);
    if (!pending) return undefined;
    this.#all.delete(key);
    const { id } = pending.data as { id?: string };
    const ids = this.#idsOf(pending);
    if (id !== undefined && ids.get(id) === key) ids.delete(id);
    return pending;
  }

  /** Everything that ends with the actor, youngest first: children stop in reverse order of their birth. */
  endingWith(gone: readonly string[]): string[] {
    return [...this.#all.values()].flatMap(({ key }) => (gone.includes(key) ? [] : [key])).reverse();
  }

  /** Children in the order they were spawned. */
  childAddresses(): Address[] {
    return [...this.#all.values()].flatMap(({ kind, data }) =>
      kind === 'child' ? [(data as unknown as ChildData).address] : [],
    );
  }

  /** When the next timer is due; undefined without one. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const { kind, due } of this.#all.values())
      if (kind === 'timer' && (next === undefined || due! < next)) next = due;
    return next;
  }

  #idsOf({ kind }: Pending): Map<string, string> {
    return kind === 'timer' ? this.timers : this.children;
  }
}
