/** The one door through which YAML comes in: a text becomes a JSON value whose every part can be located, or is refused with the place. */
import type { Document, ParsedNode } from 'yaml';
import type { Json } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';
import { problemPath, type FileProblem } from '../problem.ts';
import { yamlLimits } from './limits.ts';
import { offsetInside } from './inside.ts';
import { locate } from './locate.ts';
import { yamlPackage } from './package.ts';
import { placesIn, type TextPlace } from './place.ts';
import { jsonOfYaml, YamlRefusal } from './jsonOfYaml.ts';

/** A YAML file that was read. */
export interface YamlFile {
  /** The absolute path of the file. */
  readonly file: string;
  /** Undefined when it cannot be read at all; null for an empty file. */
  readonly value: Json | undefined;
  readonly problems: readonly FileProblem[];
  /** Where a value is, or the key before it, or a character inside a text; the nearest that there is, when there is no such value. */
  at(path: readonly PropertyKey[], what?: 'key' | 'value', inside?: number): TextPlace;
  /** A problem at the place of a path. */
  problem(path: readonly PropertyKey[], message: string, more?: ProblemDetail): FileProblem;
}

/** What a problem may say beside its message. */
export interface ProblemDetail {
  readonly severity?: FileProblem['severity'];
  readonly deferred?: true;
  readonly whole?: true;
  /** Points at the key, not at its value. */
  readonly key?: true;
  /** Points at this character of the text that is the value, from 0. */
  readonly offset?: number;
}

/** Reads a text as YAML 1.2 with the limits of `yamlLimits`. It never throws for what the text says. */
export function parseYaml(text: string, file: string): YamlFile {
  const placeOf = placesIn(text);
  const refused = (refusals: readonly { readonly offset: number; readonly message: string }[]): YamlFile => {
    const problems = refusals.map(({ offset, message }): FileProblem => ({
      file,
      ...placeOf(offset),
      path: '',
      message,
      severity: 'error',
    }));
    return yamlFile(file, undefined, problems, () => placeOf(refusals[0]?.offset ?? 0));
  };
  const unreadable = unreadableAt(text);
  if (unreadable) return refused([unreadable]);
  try {
    const document = onlyDocument(text);
    const value = document.contents === null ? null : jsonOfYaml(document.contents);
    return yamlFile(file, value, [], (path, what, inside) => {
      const start = locate(document.contents, path, what);
      const read = inside === undefined ? undefined : valueAt(value, path);
      return placeOf(typeof read === 'string' ? offsetInside(text, start, read, inside ?? 0) : start);
    });
  } catch (thrown) {
    if (thrown instanceof YamlRefusal) return refused([thrown, ...thrown.others]);
    throw thrown;
  }
}

/** A file that could not even be read. */
export const unreadableFile = (file: string, message: string, place: TextPlace = { line: 1, column: 1 }): YamlFile =>
  yamlFile(file, undefined, [{ file, ...place, path: '', message, severity: 'error' }], () => place);

function yamlFile(
  file: string,
  value: Json | undefined,
  problems: readonly FileProblem[],
  at: YamlFile['at'],
): YamlFile {
  const problem: YamlFile['problem'] = (path, message, { severity = 'error', deferred, whole, key, offset } = {}) => ({
    file,
    ...at(path, key ? 'key' : 'value', offset),
    path: problemPath(path),
    message,
    severity,
    ...(deferred && { deferred }),
    ...(whole && { whole }),
  });
  return { file, value, problems, at, problem };
}

const valueAt = (value: Json, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => propertiesOf(inner)[key as string], value);

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

function unreadableAt(text: string): { offset: number; message: string } | undefined {
  // Bytes are counted where the file is read.
  if (text.length > yamlLimits.bytes)
    return { offset: 0, message: `A file may have ${yamlLimits.bytes / 1e6} MB, and this one is larger.` };
  const found = control.exec(text);
  if (found)
    return {
      offset: found.index,
      message: `Control characters are not allowed, and here is U+${found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}. Write it as an escape in double quotes.`,
    };
  if (text.isWellFormed()) return undefined;
  const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  return { offset: lone?.index ?? 0, message: 'Half a character (a lone surrogate) is not allowed.' };
}

function onlyDocument(text: string): Document.Parsed<ParsedNode> {
  const { Composer } = yamlPackage();
  // Duplicate keys are found by ourselves: the package compares each key with each other one.
  const composer = new Composer<ParsedNode>({ uniqueKeys: false, intAsBigInt: true, schema: 'core', version: '1.2' });
  const [document, second] = firstTwo(composer.compose(tokensOf(text), true, text.length));
  if (!document) throw new YamlRefusal(0, 'There is no document.');
  const [error] = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (error) throw new YamlRefusal(error.pos[0], `This is not valid YAML: ${error.message.split('\n')[0] ?? ''}`);
  if (second)
    throw new YamlRefusal(second.range[0], 'A file holds one document, and here a second one begins after "---".');
  return document;
}

/** Of more documents than one, the others are not made. */
function firstTwo<Item>(items: Iterable<Item>): Item[] {
  const found: Item[] = [];
  for (const item of items) if (found.push(item) === 2) break;
  return found;
}

const mostDirectives = 10;

/** More digits than any exact number has: such a text would be turned into a number that takes seconds. */
const manyDigits = /^[-+]?(?:0[xo])?[0-9a-f]{400}/i;

/** The tokens of a text. What is too deep or too much is refused here, before anything recursive or slow sees it: the time is bounded by their number. */
function* tokensOf(text: string) {
  const { Lexer, Parser } = yamlPackage();
  const parser = new Parser();
  let count = 0;
  let directives = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > yamlLimits.tokens)
      throw new YamlRefusal(
        parser.offset,
        `A file may have ${yamlLimits.tokens} tokens (values, signs, comments and ends of lines), and this one has more.`,
      );
    if (lexeme.length > 400 && manyDigits.test(lexeme))
      throw new YamlRefusal(parser.offset, 'The number is too long to be exact. Write it in quotes.');
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') throw new YamlRefusal(token.offset, `This is not valid YAML: ${token.message}`);
      if (token.type === 'directive' && ++directives > mostDirectives)
        throw new YamlRefusal(token.offset, `A file may have ${mostDirectives} directives (lines with %).`);
      yield token;
    }
    // Each level of nesting is at most two tokens on the stack; the exact check is made later.
    if (parser.stack.length > 2 * yamlLimits.depth + 8) throw tooDeep(parser.offset);
    const map = parser.stack.at(-2);
    if (map?.type === 'block-map' && map.items.length > yamlLimits.keys)
      throw new YamlRefusal(parser.offset, `A map may have ${yamlLimits.keys} keys, and this one has more.`);
  }
  yield* parser.end();
}

const tooDeep = (offset: number) =>
  new YamlRefusal(offset, `Maps and lists may be nested ${yamlLimits.depth} levels deep, and these are deeper.`);
