/**
 * The faults that a check injects, and how often at most.
 *
 * CF1 `drop`: a message to or from the outside, or the outcome of an effect, is lost permanently. Messages between actors of a run cannot be lost:
 *    they stay in the journal until they are handled.
 * CF2 `dup`: a client that has no answer yet sends the same ask again under another id. (Under the same id it is the same message, and is handled
 *    once.)
 * CF3 `crash`: the process dies and another one continues from the last commits. Effects are performed again; a write that is not idempotent comes
 *    back as `uncertain`.
 */
import { TroupeError } from '../../values/failure.ts';

/** The kinds of faults. */
export const faultNames = ['drop', 'dup', 'crash'] as const;
/** One kind of fault. */
export type CheckFault = (typeof faultNames)[number];
/** How often each fault may happen. */
export type CheckFaults = Readonly<Record<CheckFault, number>>;

/** Tells a fault from other causes of a move. */
export const isCheckFault = (name: string): name is CheckFault => faultNames.some((known) => known === name);

/** The most faults of one kind: more of them make the state space too large to explore. */
const most = 9;

/** The number of faults of each kind, 1 where none is given. Throws `invalid` for an unknown kind and for a number that is not a whole one from 0 to 9. */
export function faultsOf(given: Readonly<Partial<Record<string, unknown>>> = {}): CheckFaults {
  const faults = { drop: 1, dup: 1, crash: 1 };
  for (const [name, count] of Object.entries(given)) {
    if (!isCheckFault(name))
      throw new TroupeError('invalid', `The faults are ${faultNames.join(', ')}; got ${JSON.stringify(name)}.`);
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > most)
      throw new TroupeError(
        'invalid',
        `How often a fault may happen is a whole number from 0 to ${most}; "${name}" is ${JSON.stringify(count)}.`,
      );
    faults[name] = count;
  }
  return faults;
}

/** `3 faults (1 drop, 1 dup, 1 crash)`. */
export function faultWords(faults: CheckFaults): string {
  const used = faultNames.filter((name) => faults[name] > 0);
  const sum = used.reduce((total, name) => total + faults[name], 0);
  if (sum === 0) return 'without faults';
  const each = used.map((name) => `${faults[name]} ${name}`);
  return `up to ${sum} fault${sum === 1 ? '' : 's'} (${each.join(', ')})`;
}
