/** The schema that a journal file has after so many migrations, in the words of SQLite: to compare with what a file says. */
import type { SchemaRow } from './schemaRows.ts';

/** The tables and indexes after these migrations, by name: the statement that made each. */
export function schemaAfter(migrations: readonly string[]): ReadonlyMap<string, string> {
  const made = new Map<string, string>();
  const statements = migrations.flatMap((migration) => migration.split(';')).map(normalized);
  for (const statement of statements) {
    const [verb, kind = '', name = '', next = '', , column = ''] = statement.split(' ');
    if (verb === 'CREATE') made.set(name, statement);
    // A table is renamed only to be dropped, when its rows have been copied: its indexes go with it.
    else if (verb === 'DROP' || (verb === 'ALTER' && next === 'RENAME')) {
      made.delete(name);
      if (kind === 'TABLE') for (const [other, sql] of made) if (tableOf(other, sql) === name) made.delete(other);
    } else if (verb === 'ALTER')
      made.set(name, withColumn(made.get(name) ?? '', statement.slice(statement.indexOf(column))));
  }
  return made;
}

/** Is this the schema after some migrations? */
export function isSchema(rows: readonly SchemaRow[], expected: ReadonlyMap<string, string>): boolean {
  const automatic = [...expected]
    .filter(([, sql]) => hasAutomaticIndex(sql))
    .map(([name]) => `sqlite_autoindex_${name}_1`);
  const names = new Set(rows.map(({ name }) => name));
  const roots = new Set(rows.map(({ root }) => root));
  return (
    names.size === rows.length &&
    roots.size === rows.length &&
    [...expected.keys()].every((name) => names.has(name)) &&
    automatic.every((name) => names.has(name) || !names.has(automaticFor(name))) &&
    rows.every(({ type, name, table, sql }) => {
      if (sql === null) return type === 'index' && automatic.includes(name) && table === automaticFor(name);
      const written = name === 'sqlite_sequence' ? 'CREATE TABLE sqlite_sequence(name,seq)' : expected.get(name);
      return (
        normalized(sql) === written &&
        table === tableOf(name, written) &&
        type === (written.startsWith('CREATE TABLE') ? 'table' : 'index')
      );
    })
  );
}

/** The spaces and quotes that a statement may have or not have. */
const normalized = (statement: string): string =>
  statement.replaceAll('"', '').replace('IF NOT EXISTS ', '').replaceAll(/\s+/g, ' ').trim();

const tableOf = (name: string, sql: string): string => /^CREATE INDEX \w+ ON (\w+)/.exec(sql)?.[1] ?? name;

/** SQLite makes an index for a constraint, but not where the table is the index of its own primary key. */
const hasAutomaticIndex = (sql: string): boolean =>
  /UNIQUE|TEXT PRIMARY KEY/.test(sql) && !sql.includes('WITHOUT ROWID');
const automaticFor = (name: string): string => name.replace(/^sqlite_autoindex_(\w+)_1$/, '$1');

/** A new column comes after the last one, before the constraints of the table. */
function withColumn(sql: string, column: string): string {
  const at = /, (?:PRIMARY KEY|UNIQUE) \([^)]*\)\)|\)(?= WITHOUT ROWID$)|\)$/.exec(sql)?.index ?? sql.length;
  return `${sql.slice(0, at)}, ${column}${sql.slice(at)}`;
}
