/** Keeps messages in order behind one that takes time: work from one sender to one recipient ends in the order in which it began. Without slow work it costs nothing. */

/** Queues by sender and recipient. */
export class Ordering {
  readonly #queues = new Map<string, Promise<void>>();

  /** Resolves when it is the caller's turn and its `work`, if any, is done; undefined when that is at once. A failure of earlier work does not affect later work. */
  inOrder(from: string, to: string, work?: () => Promise<void>): Promise<void> | undefined {
    if (!work && this.#queues.size === 0) return undefined;
    const name = `${from} ${to}`;
    const before = this.#queues.get(name);
    const turn = work ? (before ?? Promise.resolve()).then(work) : before;
    if (!turn) return undefined;
    const end = turn.then(
      () => {},
      () => {},
    );
    this.#queues.set(name, end);
    void end.then(() => {
      if (this.#queues.get(name) === end) this.#queues.delete(name);
    });
    return turn;
  }
}
