/** The text form of a value, as it stands in a prompt, a URL or a mixed text. */
import type { Json } from '../../values/json.ts';

/** Text as it is, null as nothing, whole numbers without exponent, lists and objects as compact JSON. */
export function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) >= 1e21) return BigInt(value).toString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
