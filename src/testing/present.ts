/** The value, which must be there. Throws an `Error` that names what is missing: the caller's own data is inconsistent then. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing.`);
  return value;
}
