/** The promise of a call, which knows whether anybody takes its result. */

/**
 * `await`, `then`, `catch` and `Promise.race` with its kin all read the constructor of a promise before they wait for it, so that is where it is noticed. Nothing
 * else of a promise tells an `await`. What is read is the constructor of every promise, so it is waited for, and what follows from it is made, as of any other.
 */
export class CallPromise extends Promise<unknown> {
  #isTaken = false;

  /** Does anybody wait for it, or did? */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  override get ['constructor'](): PromiseConstructor {
    this.#isTaken = true;
    return Promise;
  }

  /** Resolves when it has settled, either way. It is not taken by that. */
  settled(): Promise<void> {
    const isTaken = this.#isTaken;
    const settled = this.then(nothing, nothing);
    this.#isTaken = isTaken;
    return settled;
  }
}

const nothing = (): void => {};
