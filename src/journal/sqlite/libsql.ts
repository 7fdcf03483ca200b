/** Corrects where libsql behaves otherwise than SQLite's other libraries. */
import { TroupeError } from '../../values/failure.ts';
import type { SqliteDriver, SqlRow, SqlStatement, SqlValue } from './database.ts';

/** What libsql gives: a statement can tell its columns, and a BLOB is read as an `ArrayBuffer`. */
export interface LibsqlDatabase extends Omit<SqliteDriver, 'name' | 'prepare'> {
  prepare<R extends SqlRow>(sql: string): SqlStatement<R> & LibsqlStatement;
}

interface LibsqlStatement {
  /** `type` is that of the table's column; null for an expression. */
  columns(): readonly { readonly name: string; readonly type: string | null }[];
  all(...values: SqlValue[]): Readonly<Record<string, SqlValue | ArrayBuffer>>[];
}

/**
 * libsql aborts the whole process when a text is not UTF-8, as in a damaged file: so texts are selected as bytes and decoded here. A column of type BLOB is left as bytes.
 * Its `get` after an `all` of the same statement answers for the parameters of that `all`: so only `all` is used.
 */
export function libsqlDriver(raw: LibsqlDatabase): Omit<SqliteDriver, 'name'> {
  return {
    exec: (sql) => raw.exec(sql),
    close: () => raw.close(),
    prepare<R extends SqlRow>(sql: string): SqlStatement<R> {
      const plain = raw.prepare<R>(sql);
      if (!/^\s*SELECT\b/i.test(sql)) return plain;
      const columns = plain.columns();
      const blobs = new Set(columns.filter(({ type }) => type === 'BLOB').map(({ name }) => name));
      const selected = columns.map(({ name }) =>
        blobs.has(name) ? `CAST("${name}" AS BLOB) "${name}"` : asBytes(name),
      );
      const statement: LibsqlStatement & Pick<SqlStatement, 'run'> = raw.prepare(
        `SELECT ${selected.join(', ')} FROM (${sql})`,
      );
      // The columns are those of `sql`, so the rows are what the caller expects of it.
      const all = (...values: SqlValue[]) => statement.all(...values).map((row) => withTexts(row, blobs) as R);
      return { run: (...values) => statement.run(...values), get: (...values) => all(...values)[0], all };
    },
  };
}

const asBytes = (column: string) =>
  `CASE typeof("${column}") WHEN 'text' THEN CAST("${column}" AS BLOB) ELSE "${column}" END "${column}"`;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function withTexts(row: Readonly<Record<string, SqlValue | ArrayBuffer>>, blobs: ReadonlySet<string>): SqlRow {
  const texts: Record<string, SqlValue> = {};
  for (const [name, value] of Object.entries(row))
    texts[name] = !(value instanceof ArrayBuffer)
      ? value
      : blobs.has(name)
        ? new Uint8Array(value)
        : textOf(name, value);
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
