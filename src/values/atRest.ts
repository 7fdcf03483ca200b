/**
 * Calls back when all that can go on in this turn of the event loop has gone on: no promise is left that is settled and not yet told. Timers and sockets have
 * not had their turn since. (Node empties the queue of promises before it calls what was given to `nextTick` from within it.)
 */
export const whenAtRest = (callback: () => void): void => queueMicrotask(() => process.nextTick(callback));
