/** The names of the model calls of one checkpoint, each used once: `llm_1`, `llm_2` … or the one that is given, with a number from the second on. */
export class ModelNames {
  readonly #used = new Set<string>();

  next(given: string | undefined): string {
    for (let nth = 1; ; nth++) {
      const name = given === undefined ? `llm_${nth}` : nth === 1 ? given : `${given}_${nth}`;
      if (this.#used.has(name)) continue;
      this.#used.add(name);
      return name;
    }
  }
}
