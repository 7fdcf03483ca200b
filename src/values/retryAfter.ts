/** How long another side asks to be left alone. */

/** The pause in milliseconds that `Retry-After` asks for. A date is compared with the server's own `Date`, so clocks need not agree. */
export function retryAfterOf(headers: Readonly<Record<string, string>>): number | undefined {
  const ms = Number(headers['retry-after-ms']);
  if (Number.isFinite(ms) && ms > 0) return ms;
  const after = headers['retry-after'];
  if (after === undefined || after.trim() === '') return undefined;
  const seconds = Number(after);
  const pause = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(after) - Date.parse(headers['date'] ?? '');
  return Number.isFinite(pause) && pause >= 0 ? pause : undefined;
}
