/** Calls something of a tracing library. What it throws comes from the processors and exporters of the program, and must not reach the work that is traced. */
export function quietly<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
