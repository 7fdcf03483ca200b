/**
 * Undoes percent-encoding as URIs have it: another program may also encode what `encodeURI` leaves as it is, such as the slash of an address. Text that is no such
 * encoding stays as it is.
 */
export function percentDecoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
