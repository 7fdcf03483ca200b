/**
 * What may go wrong while a check looks around, and how often at most.
 *
 * F1 `drop`: a message to or from the outside, or the answer of an effect, is lost for good. Messages between actors of a run are not:
 *    they are in the journal until they are taken.
 * F2 `dup`: a client that has no answer yet asks the same again, under another id. (Under the same id it is the same message, and taken once.)
 * F3 `crash`: the process dies and another goes on from the last commits. Effects are performed again; a write that the world does not know
 *    by its key comes back as `uncertain`.
 */
import { TroupeError } from '../../contracts/failure.ts';

export const faultNames = ['drop', 'dup', 'crash'] as const;
export type Fault = (typeof faultNames)[number];
export type Faults = Readonly<Record<Fault, number>>;

/** More of one kind than this is a state space nobody waits for. */
const most = 9;

/** One of each unless told otherwise. Throws `invalid`. */
export function faultsOf(given: Readonly<Partial<Record<string, unknown>>> = {}): Faults {
  for (const [name, count] of Object.entries(given)) {
    if (!(faultNames as readonly string[]).includes(name))
      throw new TroupeError('invalid', `The faults are ${faultNames.join(', ')}; got ${JSON.stringify(name)}.`);
    if (!Number.isInteger(count) || (count as number) < 0 || (count as number) > most)
      throw new TroupeError(
        'invalid',
        `How often a fault may happen is a whole number from 0 to ${most}; "${name}" is ${JSON.stringify(count)}.`,
      );
  }
  return { drop: 1, dup: 1, crash: 1, ...(given as Partial<Faults>) };
}

/** `3 faults (1 drop, 1 dup, 1 crash)`. */
export function faultWords(faults: Faults): string {
  const used = faultNames.filter((name) => faults[name] > 0);
  const sum = used.reduce((total, name) => total + faults[name], 0);
  if (sum === 0) return 'without faults';
  const each = used.map((name) => `${faults[name]} ${name}`);
  return `up to ${sum} fault${sum === 1 ? '' : 's'} (${each.join(', ')})`;
}
