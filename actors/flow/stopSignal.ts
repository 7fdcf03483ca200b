/** An AbortController whose signal is made when somebody asks for it: most calls of a body end without, and a signal takes longer to make than all else of them. */

/** Says that something is to stop. */
export class StopSignal {
  #controller: AbortController | undefined;
  #reason: unknown;
  #isAborted = false;

  /** Is it to stop? */
  get isAborted(): boolean {
    return this.#isAborted;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
