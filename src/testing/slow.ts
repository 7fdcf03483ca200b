/** How much slower than usual this machine may be. `TROUPE_SLOW=6` makes every limit of real time six times longer; such a limit ends what hangs. */
import { TroupeError } from '../values/failure.ts';

/** 1 unless the environment says more. */
export const slow = slowness(process.env['TROUPE_SLOW']);

function slowness(text = '1'): number {
  const factor = Number(text);
  if (factor >= 1 && Number.isFinite(factor)) return factor;
  throw new TroupeError('definition', `TROUPE_SLOW is a number, 1 or more; it is ${text}.`);
}
