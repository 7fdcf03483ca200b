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

/** The options that name the journal that this command was given, with a space before each; empty when none was. A file is taken before a server, as by the commands. */
export function journalOption({ db, ...server }: JournalOptions): string {
  return db === undefined ? serverOption(server) : ` --db ${shellWord(db)}`;
}

/** The options that name the server and its tenant. A password in a URL is left out: what is told may be kept in a log. */
export const serverOption = ({ nats, natsCreds, tenant }: Omit<JournalOptions, 'db'>): string =>
  Object.entries({ nats: nats?.split(',').map(withoutPassword).join(','), 'nats-creds': natsCreds, tenant })
    .map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(value)}`))
    .join('');

/** Which journal a command was given; what it was not is read from the environment. */
export type JournalOptions = { readonly [Name in 'db' | 'nats' | 'natsCreds' | 'tenant']?: string | undefined };

const withoutPassword = (url: string): string => url.replace(/^(\s*\w+:\/\/)?.*@/, '$1USER:PASSWORD@');
