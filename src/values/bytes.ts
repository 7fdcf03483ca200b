/** Sizes in bytes, as people write them. */

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** The bytes of `10G`, `512M`, `64K`, `1T` or `4096`; `10GB`, `10Gi` and `10GiB` mean the same. Undefined for anything else, and for nothing. */
export function bytesOf(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(?:([kmgt])i?)?b?$/i.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(number) * (units[unit.toLowerCase()] ?? NaN));
  return bytes > 0 ? bytes : undefined;
}
