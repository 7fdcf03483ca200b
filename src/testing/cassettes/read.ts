/** Reads a cassette from a file. A file that is damaged, too new, edited or no cassette at all is refused, with the place. */
import { readFile, stat } from 'node:fs/promises';
import { describeMismatch, describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { errorMessage } from '../../values/cause.ts';
import { decodeUtf8 } from '../../values/utf8.ts';
import { knownJson } from '../jsonValues.ts';
import { isJsonObject } from '../../values/json.ts';
import { Cassette, cassetteDigest, cassetteFormat } from './format.ts';

/** The largest file, in bytes: a larger one would take the memory of the process, and such a run is too long for a test. */
const largest = 256 * 1024 * 1024;

/** Reads a file; undefined when there is none. Rejects with `invalid` or `incompatible`. */
export async function readCassette(file: string): Promise<Cassette | undefined> {
  const found = await stat(file).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw unreadable(file, thrown);
  });
  if (!found) return undefined;
  if (!found.isFile()) throw refused(file, 'it is no file');
  if (found.size > largest)
    throw refused(
      file,
      `it has ${Math.ceil(found.size / 1024 / 1024)} MB, and at most ${largest / 1024 / 1024} MB are read; record a shorter run`,
    );
  const bytes = await readFile(file).catch((thrown: Error) => Promise.reject(unreadable(file, thrown)));
  return parseCassette(file, decodeUtf8(bytes, file));
}

/** Reads the text of a cassette; `file` is its name in messages. Throws `invalid` or `incompatible`. */
export function parseCassette(file: string, text: string): Cassette {
  if (text.trim() === '') throw refused(file, 'it is empty; record it again');
  const raw = parseJson(file, text);
  if (!isJsonObject(raw) || raw['troupe'] !== 'cassette')
    throw refused(
      file,
      `it is no cassette: expected { "troupe": "cassette", … }, came ${describeValue(raw)}; make one with "troupe runs export"`,
    );
  const version = raw['format'];
  if (version !== cassetteFormat)
    throw new TroupeError(
      'incompatible',
      `${file} has format ${JSON.stringify(version) ?? 'none'}; this troupe reads format ${cassetteFormat}. ${typeof version === 'number' && version > cassetteFormat ? 'Read it with the troupe that wrote it, or a newer one.' : 'Record it again.'}`,
    );
  const parsed = Cassette.safeParse(raw);
  if (!parsed.success) throw refused(file, `it is damaged: ${describeMismatch(parsed.error, raw)}; record it again`);
  if (raw['digest'] !== undefined && raw['digest'] !== cassetteDigest(raw))
    throw refused(
      file,
      'it was changed after it was recorded (at "digest"): record it again, or take "digest" out to use it as it is',
    );
  requireWhole(file, parsed.data);
  return parsed.data;
}

function parseJson(file: string, text: string): Json {
  try {
    return knownJson(JSON.parse(text));
  } catch (cause) {
    const message = errorMessage(cause);
    // Without a position the text was cut short at its end.
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, at).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new TroupeError(
      'invalid',
      `${file}:${before.length}:${column}: this is no JSON, or it was cut short: ${message}. Record it again.`,
      { cause },
    );
  }
}

/** Every actor that is referred to is listed, no step is missing, and every key is there once. */
function requireWhole(file: string, { actors, steps, ledger, run }: Cassette): void {
  const known = new Set(actors.map(({ actor }) => actor));
  if (!known.has(`${actors.find(({ parent }) => parent === undefined)?.type}/${run}`))
    throw refused(file, `at "actors": none of them is the root of the run "${run}"`);
  const last = new Map<string, number>();
  for (const [index, { actor, seq }] of steps.entries()) {
    if (!known.has(actor)) throw refused(file, `at "steps[${index}].actor": no actor "${actor}" is listed`);
    const expected = (last.get(actor) ?? 0) + 1;
    if (seq !== expected)
      throw refused(file, `at "steps[${index}].seq": expected ${expected} of ${actor}, came ${seq}; a step is missing`);
    last.set(actor, seq);
  }
  const keys = new Set<string>();
  for (const [index, { actor, key }] of ledger.entries()) {
    if (!known.has(actor)) throw refused(file, `at "ledger[${index}].actor": no actor "${actor}" is listed`);
    if (keys.has(key)) throw refused(file, `at "ledger[${index}].key": "${key}" is there twice`);
    keys.add(key);
  }
}

const refused = (file: string, problem: string) => new TroupeError('invalid', `${file} cannot be played: ${problem}.`);
const unreadable = (file: string, cause: Error) =>
  new TroupeError('invalid', `${file} cannot be read: ${cause.message}.`, { cause });
