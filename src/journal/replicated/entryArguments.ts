/**
 * Checks the arguments of a write in an entry of the log, before anything of the entry is applied. What is refused here is skipped by every process alike, so
 * the checks look at shapes only and never at what a replica holds. They are written out, and cost a few comparisons: every process applies every entry.
 */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import type { LoggedMethod } from './loggedMethods.ts';

type Check = (value: Json | undefined) => boolean;

const text: Check = (value) => typeof value === 'string';
const id: Check = (value) => typeof value === 'string' && value !== '';
/** A number that every driver of SQLite stores and reads back as it is. */
const number: Check = (value) => typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const present: Check = (value) => value !== undefined;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isJsonObject(value) && Object.entries(fields).every(([name, check]) => check(own(value, name)));

const own = (value: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(value, name) ? value[name] : undefined;

const pending = object({ key: id, kind: id, data: present });
const result = object({ key: id, name: text, outcome: object({}) });
const commit = object({
  run: id,
  actor: id,
  type: text,
  parent: optional(id),
  status: id,
  state: text,
  tags: list(text),
  created: number,
  updated: number,
  seq: count,
  meta: present,
  snapshot: present,
  epoch: count,
  event: object({ id: id, type: text, from: optional(text) }),
  opens: list(pending),
  closes: list(text),
  results: list(result),
  appends: list(object({ list: text, entry: present })),
});

/** By write: what each argument must be. These are the arguments of the journal's method of that name. */
const expected: Readonly<Record<LoggedMethod, readonly Check[]>> = {
  commit: [commit],
  commitAll: [list(commit)],
  record: [id, count, id, number, result],
  bury: [id, count, object({ id: id, to: id })],
  settle: [list(text)],
  renew: [id, count, number],
  release: [id, count],
  post: [object({ id: id, type: text, from: text, to: id, run: id, kind: text })],
  dropMail: [id, text],
  prune: [number],
  claim: [id, id, object({ now: number, ttl: number }), (dead) => dead === null || text(dead)],
};

/** What is wrong with the arguments of a write, in words; undefined when nothing is. */
export function argumentsFault(write: LoggedMethod, args: readonly Json[]): string | undefined {
  const checks = expected[write];
  if (args.length !== checks.length) return `has ${args.length} arguments instead of ${checks.length}`;
  const wrong = checks.findIndex((check, index) => !check(args[index]));
  return wrong < 0 ? undefined : `has an argument of another shape (number ${wrong + 1})`;
}
