/** Keeps those in line who came after somebody slow: work under one name ends in the order in which it began, and costs nothing where nobody is slow. */
export class Lines {
  readonly #lines = new Map<string, Promise<void>>();

  /** When it is one's turn, after one's own work if there is any; undefined: at once. What went wrong before harms nobody behind. */
  through(name: string, work?: () => Promise<void>): Promise<void> | undefined {
    const before = this.#lines.get(name);
    if (!before && !work) return undefined;
    const turn = work ? (before ?? Promise.resolve()).then(work) : before!;
    const end = turn.then(
      () => {},
      () => {},
    );
    this.#lines.set(name, end);
    void end.then(() => {
      if (this.#lines.get(name) === end) this.#lines.delete(name);
    });
    return turn;
  }
}
