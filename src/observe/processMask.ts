/** The secrets that the runs of this process have read, whichever runtime they are of. Whatever shows or writes texts masks them with it. */
import { secretMask, type SecretMask } from './secretMask.ts';

const mask = secretMask([]);
const others = new Set<SecretMask>();
const known: string[] = [];

/** One for the process: a value that one part has read must not be shown by another one. */
export const processMask = {
  redact: mask.redact,
  hide(secrets: readonly string[]): void {
    known.push(...secrets);
    mask.hide(secrets);
    for (const other of others) other.hide(secrets);
  },
  /** From now on another mask knows them, too. */
  passOn(other: SecretMask): void {
    others.add(other);
    other.hide(known);
  },
};
