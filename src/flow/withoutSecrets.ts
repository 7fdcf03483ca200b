/** Hides the values of secrets in all texts of a value that is about to be stored. */

/** The same value, in which every text has gone through `redact`. */
export function withoutSecrets<T>(value: T, redact: (text: string) => string): T {
  // Each part has the type that it had: only texts change, and stay texts.
  return hidden(value, redact) as T;
}

function hidden(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((part: unknown) => hidden(part, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [redact(name), hidden(part, redact)]),
  );
}
