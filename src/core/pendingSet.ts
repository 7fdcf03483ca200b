/** What an actor has started and that is not settled: its running effects, its children, its timers. Messages are kept by the outbox relay. */
import type { Address } from '../values/ids.ts';
import type { OwnPending, Pending } from '../contracts/pending.ts';

export type { ChildData, EffectData, TimerData } from '../contracts/pending.ts';

/** The pendings of one actor, by key and by id. Most actors have few or none, so each map is made when it is first asked for. */
export class PendingSet {
  #children: Map<string, string> | undefined;
  #timers: Map<string, string> | undefined;
  #all: Map<string, OwnPending> | undefined;

  /** Keys of what is running, by the child's id. */
  get children(): ReadonlyMap<string, string> {
    return (this.#children ??= new Map());
  }

  /** Keys of timers, by their id. */
  get timers(): ReadonlyMap<string, string> {
    return (this.#timers ??= new Map());
  }

  /** What is pending under a key; undefined when nothing is. */
  get(key: string): OwnPending | undefined {
    return this.#all?.get(key);
  }

  /** Is something pending under the key? */
  has(key: string): boolean {
    return this.#all?.has(key) ?? false;
  }

  /** In the order in which they were opened. */
  [Symbol.iterator](): IterableIterator<OwnPending> {
    return (this.#all ?? none).values();
  }

  /** Adds what is this actor's own; a message is left to the outbox relay. */
  add(pending: Pending): void {
    if (pending.kind === 'message') return;
    (this.#all ??= new Map()).set(pending.key, pending);
    const { id } = pending.data;
    if (id === undefined) return;
    const ids = pending.kind === 'timer' ? (this.#timers ??= new Map()) : (this.#children ??= new Map());
    ids.set(id, pending.key);
  }

  /** Returns what was removed. */
  remove(key: string): OwnPending | undefined {
    const pending = this.#all?.get(key);
    if (!pending) return undefined;
    this.#all?.delete(key);
    const { id } = pending.data;
    const ids = pending.kind === 'timer' ? this.#timers : this.#children;
    if (id !== undefined && ids?.get(id) === key) ids.delete(id);
    return pending;
  }

  /** Takes back what a step has added and removed. */
  undo(added: readonly Pending[], removed: readonly OwnPending[]): void {
    for (const { key } of added) this.remove(key);
    if (removed.length === 0) return;
    for (const pending of removed) this.add(pending);
    // They are in the order in which they were opened, which their keys say.
    const inOrder = [...this].sort(byOpening);
    this.#all = new Map(inOrder.map((pending) => [pending.key, pending]));
  }

  /** The keys of everything that ends with the actor, but for `gone`; youngest first: children stop in reverse order of their spawning. */
  keysEndingWith(gone: readonly string[]): string[] {
    if (!this.#all?.size) return [];
    return [...this].flatMap(({ key }) => (gone.includes(key) ? [] : [key])).reverse();
  }

  /** Children in the order they were spawned. */
  childAddresses(): Address[] {
    return [...this].flatMap((pending) => (pending.kind === 'child' ? [pending.data.address] : []));
  }

  /** When the next timer is due, in milliseconds since the epoch; undefined without one. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const pending of this)
      if (pending.kind === 'timer' && (next === undefined || pending.due < next)) next = pending.due;
    return next;
  }
}

const none: ReadonlyMap<string, never> = new Map<string, never>();

/** By the numbers at the end of a key: the commit that opened it, and its place in that. */
function byOpening(a: OwnPending, b: OwnPending): number {
  const numbers = ({ key }: OwnPending) => key.split('/').slice(-2).map(Number);
  const [[seqA = 0, indexA = 0], [seqB = 0, indexB = 0]] = [numbers(a), numbers(b)];
  return seqA - seqB || indexA - indexB;
}
