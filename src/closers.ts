/** Things to close together, last opened first; Node 20 has no AsyncDisposableStack. */
export interface Closers {
  use<Part extends Disposable | AsyncDisposable>(part: Part): Part;
  /** Closing twice is closing once. */
  close(): Promise<void>;
}

export function closers(): Closers {
  const parts: (Disposable | AsyncDisposable)[] = [];
  return {
    use: (part) => (parts.push(part), part),
    async close() {
      for (const part of parts.splice(0).reverse()) {
        if (Symbol.asyncDispose in part) await part[Symbol.asyncDispose]();
        else part[Symbol.dispose]();
      }
    },
  };
}
