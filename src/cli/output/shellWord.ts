/** Parts of a command that a person may paste into a POSIX shell. */
import { escapeControls } from '../../observe/format.ts';

/** A text as one word. */
export const shellWord = (text: string): string =>
  /^[\w.:/@-]+$/.test(text) ? text : `'${escapeControls(text).replaceAll("'", String.raw`'\''`)}'`;

/** The option that names the journal that this command was given, with a space before it; empty when none was. */
export const journalOption = ({ db }: { readonly db?: string | undefined }): string =>
  db === undefined ? '' : ` --db ${shellWord(db)}`;
