/** The failures that a body was told: which call an error that it throws comes from. */

/** Errors by the call whose end they were. */
export class ToldFailures {
  /** Undefined until there is one. */
  #calls: WeakMap<object, string> | undefined;

  /** The body was told that the call ended with this; what is no object tells nothing. */
  add(thrown: unknown, call: string): void {
    if (typeof thrown === 'object' && thrown !== null) (this.#calls ??= new WeakMap()).set(thrown, call);
  }

  /** The call whose failure was thrown, as it was told or as the cause of another error; undefined for any other error. */
  callOf(thrown: unknown): string | undefined {
    try {
      return this.#callOf(thrown);
    } catch {
      // It cannot be read, as a revoked proxy: a failure that was told can.
      return undefined;
    }
  }

  #callOf(thrown: unknown): string | undefined {
    for (let at = thrown, depth = 0; typeof at === 'object' && at !== null && depth < 5; depth++) {
      const call = this.#calls?.get(at);
      if (call !== undefined) return call;
      // Of several failures that ended it together, the last one was the last straw.
      if (at instanceof AggregateError) at = at.errors.at(-1);
      else at = at instanceof Error ? at.cause : undefined;
    }
    return undefined;
  }
}
