/** One turn of the event loop: all that follows from what was told, in promises, is done after it. */

/** Resolves after this turn of the event loop. */
export const eventLoopTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
