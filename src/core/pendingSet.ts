/** What an actor has started and that is not settled: its running effects, its children, its timers. Messages are kept by the outbox relay. */
import type { Address } from '../values/ids.ts';
import type { OwnPending, Pending } from '../contracts/pending.ts';

export type { ChildData, EffectData, TimerData } from '../contracts/pending.ts';

/** The pendings of one actor, by key and by id. */
export class PendingSet {
  /** Keys of what is running, by the child's id. */
  readonly children = new Map<string, string>();
  /** Keys of timers, by their id. */
  readonly timers = new Map<string, string>();
  readonly #all = new Map<string, OwnPending>();

  /** What is pending under a key; undefined when nothing is. */
  get(key: string): OwnPending | undefined {
    return this.#all.get(key);
  }

  /** Is something pending under the key? */
  has(key: string): boolean {
    return this.#all.has(key);
  }

  [Symbol.iterator](): Iterator<OwnPending> {
    return this.#all.values();
  }

  /** Adds what is this actor's own; a message is left to the outbox relay. */
  add(pending: Pending): void {
    if (pending.kind === 'message') return;
    this.#all.set(pending.key, pending);
    const { id } = pending.data;
    if (id !== undefined) this.#idsOf(pending).set(id, pending.key);
  }

  /** Returns what was removed. */
  remove(key: string): OwnPending | undefined {
    const pending = this.#all.get(key);
    if (!pending) return undefined;
    this.#all.delete(key);
    const { id } = pending.data;
    const ids = this.#idsOf(pending);
    if (id !== undefined && ids.get(id) === key) ids.delete(id);
    return pending;
  }

  /** Takes back what a step has added and removed. */
  undo(added: readonly Pending[], removed: readonly OwnPending[]): void {
    for (const { key } of added) this.remove(key);
    if (removed.length === 0) return;
    for (const pending of removed) this.add(pending);
    // They are in the order in which they were opened, which their keys say.
    const inOrder = [...this.#all.values()].sort(byOpening);
    this.#all.clear();
    for (const pending of inOrder) this.#all.set(pending.key, pending);
  }

  /** The keys of everything that ends with the actor, but for `gone`; youngest first: children stop in reverse order of their spawning. */
  keysEndingWith(gone: readonly string[]): string[] {
    return [...this.#all.values()].flatMap(({ key }) => (gone.includes(key) ? [] : [key])).reverse();
  }

  /** Children in the order they were spawned. */
  childAddresses(): Address[] {
    return [...this.#all.values()].flatMap((pending) => (pending.kind === 'child' ? [pending.data.address] : []));
  }

  /** When the next timer is due, in milliseconds since the epoch; undefined without one. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const pending of this.#all.values())
      if (pending.kind === 'timer' && (next === undefined || pending.due < next)) next = pending.due;
    return next;
  }

  #idsOf({ kind }: OwnPending): Map<string, string> {
    return kind === 'timer' ? this.timers : this.children;
  }
}

/** By the numbers at the end of a key: the commit that opened it, and its place in that. */
function byOpening(a: OwnPending, b: OwnPending): number {
  const numbers = ({ key }: OwnPending) => key.split('/').slice(-2).map(Number);
  const [[seqA = 0, indexA = 0], [seqB = 0, indexB = 0]] = [numbers(a), numbers(b)];
  return seqA - seqB || indexA - indexB;
}
