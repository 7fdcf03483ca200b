/** Numbers as people write them: 0.1 is a tenth, and no binary fraction beside it. */

/** The number as it is written: its digits, and how many of them are behind the point. */
export function decimal(value: number): { readonly digits: bigint; readonly places: number } {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}

/** Is the value a whole multiple, as both are written: 19.99 of 0.01? The factor is not 0. */
export function isMultiple(value: number, factor: number): boolean {
  const [a, b] = [decimal(value), decimal(factor)];
  const places = Math.max(a.places, b.places);
  const whole = ({ digits, places: own }: typeof a) => digits * 10n ** BigInt(places - own);
  return whole(a) % whole(b) === 0n;
}
