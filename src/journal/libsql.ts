/** What libsql does otherwise than SQLite's other doors, made good. */
import { TroupeError } from '../contracts/failure.ts';
import type { Driver, Row, Statement, Value } from './driver.ts';

/** libsql can say which columns a query has. */
export interface Libsql extends Omit<Driver, 'name' | 'prepare'> {
  prepare(sql: string): Statement & { columns(): readonly { readonly name: string }[] };
}

/**
 * It ends the whole process at text that is not UTF-8, as damage makes it: so texts are taken as bytes, and read here.
 * Its `get` after an `all` of the same statement answers for the values of that `all`: so only `all` is used.
 */
export function tamed(raw: Libsql): Omit<Driver, 'name'> {
  return {
    exec: (sql) => raw.exec(sql),
    close: () => raw.close(),
    prepare(sql) {
      const plain = raw.prepare(sql);
      if (!/^\s*SELECT\b/i.test(sql)) return plain;
      const columns = plain.columns().map(({ name }) => bytesOf(`"${name}"`));
      const statement = raw.prepare(`SELECT ${columns.join(', ')} FROM (${sql})`);
      const all = (...values: Value[]) => (statement.all(...values) as Record<string, Value | ArrayBuffer>[]).map(read);
      return { run: (...values) => statement.run(...values), get: (...values) => all(...values)[0], all };
    },
  };
}

const bytesOf = (column: string) =>
  `CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END ${column}`;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function read(row: Record<string, Value | ArrayBuffer>): Row {
  const texts: Record<string, Value> = {};
  for (const [name, value] of Object.entries(row))
    texts[name] = typeof value === 'object' && value !== null ? textOf(name, value) : value;
  return texts;
}

function textOf(name: string, bytes: ArrayBuffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new TroupeError(
      'corrupt',
      `"${name}" in the journal is not text any more: the file is damaged. Keep a copy, then run "troupe doctor" to see which actors it concerns.`,
    );
  }
}
