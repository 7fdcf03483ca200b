/** A stack of resources that are closed together, the last one first. Node 20 has no AsyncDisposableStack. */

/** Resources to close together. */
export interface Disposables {
  /** Adds a resource, and returns it. */
  use<Part extends Disposable | AsyncDisposable>(part: Part): Part;
  /** Closes all resources, the last one first. A second call does nothing. */
  close(): Promise<void>;
}

/** An empty stack of resources. */
export function disposables(): Disposables {
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
