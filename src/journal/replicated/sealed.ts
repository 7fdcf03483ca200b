/** Texts that are stored together with a digest of the row they stand in. */
import { corruptJournal, shortDigest } from '../chain.ts';

const mark = '#';

/** The text to store; `row` is what else the digest covers. */
export const sealed = (text: string, ...row: (string | number)[]): string =>
  `${text}${mark}${shortDigest(text, ...row.map(String))}`;

/** The text that was sealed. Throws `corrupt` when it or the rest of its row is another one now. */
export function unsealed(stored: string, ...row: (string | number)[]): string {
  const text = withoutSeal(stored);
  if (stored !== sealed(text, ...row))
    throw corruptJournal('what it says of its place in the log is not what was written');
  return text;
}

/** The text, sealed or not. */
export const withoutSeal = (stored: string): string => {
  const at = stored.lastIndexOf(mark);
  return at < 0 ? stored : stored.slice(0, at);
};
