/** Reads a folder by tools that list and read files, and picks the best facts with their file and line. */
import type { ToolCall } from '../../contracts/model.ts';
import { isJsonObject } from '../../values/json.ts';
import { isList, textField } from './fields.ts';
import type { OfflineConversation, ToolReading } from './conversation.ts';
import { digest, frequencies } from './sentences.ts';

/** A tool call to make. */
export interface PlannedCall {
  /** The name of the tool. */
  readonly name: string;
  /** Its input. */
  readonly input: ToolCall['input'];
}

/** A sentence with its file and line. A type rather than an interface, so that it is JSON. */
export type Fact = { readonly text: string; readonly file: string; readonly line: number };

const mostFiles = 12;
const mostCalls = 6;
const factsPerFile = 3;
const skipped = /^(licen[cs]e|changelog|code_of_conduct)/i;

const pathOf = ({ input }: ToolReading): string => textField(input, 'path') ?? '';
const join = (folder: string, name: string) => `${folder.replace(/\/+$/, '')}/${name}`;

/** The next calls to make; none when everything was read, or no tool can list and read. */
export function nextReads({ tools, reads, body }: OfflineConversation): PlannedCall[] {
  const list = tools.find(({ name }) => /list_directory$|list_files$|(^|_)list$/.test(name))?.name;
  const read =
    tools.find(({ name }) => name.endsWith('read_text_file'))?.name ??
    tools.find(({ name }) => /read_file$|(^|_)read$/.test(name))?.name;
  const folder = textField(body, 'folder') ?? '.';
  if (list === undefined || read === undefined) return nextCall({ tools, reads, body });
  const seen = new Set(reads.map(pathOf));
  const listings = reads.filter(({ tool, ok }) => tool === list && ok);
  if (!seen.has(folder)) return [{ name: list, input: { path: folder } }];

  const docs = join(folder, 'docs');
  const hasDocs = listings.some((listing) => pathOf(listing) === folder && /^\[DIR\] docs$/m.test(listing.text));
  if (hasDocs && !seen.has(docs)) return [{ name: list, input: { path: docs } }];
  const files = listings.flatMap((listing) => filesIn(listing.text).map((name) => join(pathOf(listing), name)));
  return files
    .slice(0, mostFiles)
    .filter((path) => !seen.has(path))
    .slice(0, mostCalls)
    .map((path) => ({ name: read, input: { path } }));
}

/** Of tools that are no folder: each is called once, with the fields of the task that it asks for by name. */
function nextCall({ tools, reads, body }: Pick<OfflineConversation, 'tools' | 'reads' | 'body'>): PlannedCall[] {
  for (const { name, input } of tools) {
    const { properties, required } = input;
    const wanted = isJsonObject(properties) ? Object.keys(properties) : [];
    const needed = isList(required) ? required : [];
    const isKnown = needed.every((field) => typeof field === 'string' && Object.hasOwn(body, field));
    if (!isKnown || reads.some(({ tool }) => tool === name)) continue;
    const given = Object.entries(body).filter(([field]) => wanted.includes(field));
    return [{ name, input: Object.fromEntries(given) }];
  }
  return [];
}

/** The Markdown files of a listing, the README first. */
const filesIn = (listing: string): string[] =>
  [...listing.matchAll(/^\[FILE\] (.+\.md)$/gim)]
    .map(([, name = '']) => name)
    .filter((name) => !skipped.test(name))
    .sort((a, b) => Number(/^readme/i.test(b)) - Number(/^readme/i.test(a)) || (a < b ? -1 : 1));

/** What the files say, each file in the order it was read. Facts that were complained about stay out. */
export function factsIn({ reads, body, complaints }: OfflineConversation): Fact[] {
  const folder = textField(body, 'folder') ?? '.';
  const files = reads.filter((read) => read.ok && /\.md$/i.test(pathOf(read)));
  const weights = frequencies(files.map(({ text }) => text));
  return files.flatMap((read) => {
    const file = pathOf(read).startsWith(`${folder.replace(/\/+$/, '')}/`)
      ? pathOf(read).slice(folder.replace(/\/+$/, '').length + 1)
      : pathOf(read);
    const { sentences } = digest(read.text, weights);
    const best = sentences.filter(({ line }) => !complaints.includes(`${file}:${line}`)).slice(0, factsPerFile);
    return best.sort((a, b) => a.line - b.line).map(({ text, line }) => ({ text, file, line }));
  });
}

/** What files are about, by their own headings. */
export const readTexts = ({ reads, text }: OfflineConversation): string =>
  [text, ...reads.filter(({ ok }) => ok).map((read) => read.text)].join('\n\n');
