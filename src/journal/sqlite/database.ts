/** A SQLite database as the journal uses it: its statements, rows and values. `node:sqlite` and `libsql` are both adapted to it. */

/** What a column holds and a parameter takes. */
export type SqlValue = string | number | Uint8Array | null;

/** A row of any query, by column name. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** What a statement has changed. */
export interface SqlChange {
  /** The rowid of the row that was inserted last, by this statement or an earlier one. */
  readonly lastInsertRowid: number | bigint;
}

/** A prepared statement. `R` names the columns of its rows; the database does not check that. */
export interface SqlStatement<R extends SqlRow = SqlRow> {
  run(...values: SqlValue[]): SqlChange;
  get(...values: SqlValue[]): R | undefined;
  all(...values: SqlValue[]): R[];
}

/** An open database. Every error it throws is a `TroupeError` of kind `storage` or `corrupt`. */
export interface SqliteDriver {
  readonly name: 'node:sqlite' | 'libsql';
  exec(sql: string): void;
  prepare<R extends SqlRow = SqlRow>(sql: string): SqlStatement<R>;
  close(): void;
}
