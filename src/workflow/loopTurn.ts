/** Lets the event loop do other work: what reads and checks many files waits for it between them. */
export const loopTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
