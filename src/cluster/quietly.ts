/** For whoever looks after many things at once: one that fails keeps nobody from the others. */
export const quietly = (doing: Promise<unknown>): Promise<void> =>
  doing.then(
    () => {},
    () => {},
  );
