/** The pause that another system asks for. */

/** The milliseconds that `Retry-After` asks for, as seconds or as a date; undefined without it. A date is compared with the `Date` of the same response, or with `now`. */
export function pauseAskedFor(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const after = headers['retry-after']?.trim() ?? '';
  if (after === '') return undefined;
  const sent = Date.parse(headers['date'] ?? '');
  const pause = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - (Number.isNaN(sent) ? now : sent);
  return Number.isFinite(pause) && pause >= 0 ? pause : undefined;
}
