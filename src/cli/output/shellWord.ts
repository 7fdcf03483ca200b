/** Parts of a command that a person may paste into a POSIX shell. */
import { escapeControls } from '../../observe/format.ts';

/** A text as one word. One with control characters is written by `printf`, which loses only line breaks at its end. */
export function shellWord(text: string): string {
  if (/^[\w.:/@-]+$/.test(text)) return text;
  if (escapeControls(text) === text) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return `"$(printf '${text.replace(/[^\w .:/@]/gu, octal)}')"`;
}

/** The bytes of a character, as `printf` takes them. */
const octal = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/** The option that names the journal that this command was given, with a space before it; empty when none was. */
export const journalOption = ({ db }: { readonly db?: string | undefined }): string =>
  db === undefined ? '' : ` --db ${shellWord(db)}`;
