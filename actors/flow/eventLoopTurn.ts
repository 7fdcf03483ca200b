/**
 * When a body has done what follows from what it was told: in promises, before the event loop turns. All bodies of a process share one callback of Node for a turn, because
 * each would cost more than what it calls.
 */

/** Calls that wait for the same moment. */
export class SharedCalls {
  readonly #schedule: (run: () => void) => void;
  #calls: (() => void)[] = [];

  constructor(schedule: (run: () => void) => void) {
    this.#schedule = schedule;
  }

  /** It is called in the context of whoever came first. */
  add(call: () => void): void {
    this.#calls.push(call);
    if (this.#calls.length === 1) this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    const calls = this.#calls;
    this.#calls = [];
    let at = 0;
    try {
      while (at < calls.length) calls[at++]?.();
    } finally {
      // One has thrown: the others belong to other bodies.
      for (const call of calls.slice(at)) this.add(call);
    }
  };
}

const turn = new SharedCalls((run) => void setImmediate(run));
const promises = new SharedCalls((run) => process.nextTick(run));

/** Calls after this turn of the event loop. */
export const afterTurn = (call: () => void): void => turn.add(call);

/** Calls after the promises that go on at once, in this turn of the event loop. */
export const afterPromises = (call: () => void): void => promises.add(call);

/** Resolves after this turn of the event loop. */
export const eventLoopTurn = (): Promise<void> => new Promise(afterTurn);
