/** The port to SQLite: `node:sqlite` where Node has it, `libsql` elsewhere. Both are synchronous, and no other file depends on which one is used. */
import { TroupeError } from '../../values/failure.ts';
import { missingPackage } from '../../values/optional.ts';
import { libsqlDriver, type LibsqlDatabase } from './libsql.ts';
import type { SqlRow, SqlStatement, SqliteDriver, SqlValue } from './database.ts';

/** Opens a database file with the preferred library, or with the first that is installed. Rejects with `environment` when there is none. */
export async function openSqliteDriver(path: string, prefer?: SqliteDriver['name']): Promise<SqliteDriver> {
  const loaders = { 'node:sqlite': native, libsql };
  const order = prefer ? [prefer] : (['node:sqlite', 'libsql'] as const);
  for (const name of order) {
    const open = await loaders[name]();
    if (open) return guarded(name, path, open);
  }
  throw missingPackage(
    ['libsql'],
    `Node ${process.versions.node} has no SQLite of its own, as Node 22.13 and later do; a journal in a file needs`,
  );
}

type Raw = Omit<SqliteDriver, 'name'>;

async function native(): Promise<((path: string) => Raw) | undefined> {
  try {
    // The cast keeps the compiler from resolving the module: the types are those of the oldest supported Node, which does not have it.
    const { DatabaseSync } = (await import('node:sqlite' as string)) as { DatabaseSync: new (path: string) => Raw };
    return (path) => new DatabaseSync(path);
  } catch {
    return undefined;
  }
}

async function libsql(): Promise<((path: string) => Raw) | undefined> {
  try {
    const { default: Database } = await import('libsql');
    // Its own types say `any` of a row and its columns.
    return (path) => libsqlDriver(new Database(path) as unknown as LibsqlDatabase);
  } catch {
    return undefined;
  }
}

/** Turns every error of the database into one that says what to do. */
function guarded(name: SqliteDriver['name'], path: string, open: (path: string) => Raw): SqliteDriver {
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      throw explain(path, thrown);
    }
  };
  const raw = guard(() => open(path));
  return {
    name,
    exec: (sql) => guard(() => raw.exec(sql)),
    prepare<R extends SqlRow>(sql: string): SqlStatement<R> {
      // A journal has many statements, of which a process uses few.
      let made: SqlStatement<R> | undefined;
      const statement = () => (made ??= raw.prepare<R>(sql));
      // Not by `guard`: these are called for every row.
      return {
        run(...values) {
          try {
            return statement().run(...bindable(values));
          } catch (thrown) {
            throw explain(path, thrown);
          }
        },
        get(...values) {
          try {
            return statement().get(...bindable(values));
          } catch (thrown) {
            throw explain(path, thrown);
          }
        },
        all: (...values) => guard(() => statement().all(...bindable(values))),
      };
    },
    close: () => raw.close(),
  };
}

/** Throws `invalid` for a parameter of another type. Parameters may come from an entry of another process, and libsql aborts the whole process at one that it cannot bind. */
function bindable(values: SqlValue[]): SqlValue[] {
  for (const value of values as unknown[])
    if (typeof value !== 'string' && typeof value !== 'number' && value !== null && !(value instanceof Uint8Array))
      throw new TroupeError(
        'invalid',
        `A text, a number, bytes or null is expected in the journal, got ${typeof value}.`,
      );
  return values;
}

/** SQLite's primary result code of an error, as `node:sqlite` (`errcode`) or libsql (`rawCode`) gives it. */
function sqliteResultCode(thrown: unknown): number | undefined {
  const { errcode, rawCode } = (thrown ?? {}) as { errcode?: number; rawCode?: number };
  const code = errcode ?? rawCode;
  return code === undefined ? undefined : code & 0xff;
}

interface Reason {
  /** Primary result codes of SQLite. */
  readonly codes: readonly number[];
  /** Matches the message, for errors without a code. */
  readonly pattern: RegExp;
  readonly kind: 'storage' | 'corrupt';
  readonly retryable: boolean;
  readonly says: string;
  /** The same in two or three words. */
  readonly reason: string;
}

const reasons: readonly Reason[] = [
  {
    codes: [5, 6],
    pattern: /locked|busy/i,
    kind: 'storage',
    retryable: true,
    says: 'is locked by another program. Close it, or wait; the engine tries again.',
    reason: 'locked',
  },
  {
    codes: [13],
    pattern: /full/i,
    kind: 'storage',
    retryable: true,
    says: 'has no room: the disk is full. Free some space; nothing committed is lost, and the engine tries again.',
    reason: 'no space',
  },
  {
    codes: [8, 3, 23],
    pattern: /readonly|read-only|permission/i,
    kind: 'storage',
    // Permissions can be given back while a run waits.
    retryable: true,
    says: 'cannot be written. Check the permissions of the file and its folder, or choose another with --db.',
    reason: 'read-only',
  },
  {
    codes: [14],
    pattern: /unable to open|cannot open/i,
    kind: 'storage',
    retryable: false,
    says: 'cannot be opened. Check that its folder exists and may be written, or choose another with --db.',
    reason: 'cannot be opened',
  },
  {
    codes: [26],
    pattern: /not a database/i,
    kind: 'corrupt',
    retryable: false,
    says: 'is not a Troupe journal. Choose another file with --db.',
    reason: 'not a journal',
  },
  {
    codes: [11],
    pattern: /malformed|corrupt/i,
    kind: 'corrupt',
    retryable: false,
    says: 'is damaged. Keep a copy, then run "troupe doctor" to see which actors it concerns.',
    reason: 'damaged',
  },
  {
    codes: [10],
    pattern: /i\/o/i,
    kind: 'storage',
    retryable: true,
    says: 'could not be read or written by the disk. Look at the system log; the engine tries again.',
    reason: 'disk error',
  },
];

function explain(path: string, thrown: unknown): unknown {
  if (thrown instanceof TroupeError || !(thrown instanceof Error)) return thrown;
  const code = sqliteResultCode(thrown) ?? 0;
  const reason =
    reasons.find(({ codes }) => codes.includes(code)) ?? reasons.find(({ pattern }) => pattern.test(thrown.message));
  if (!reason)
    return new TroupeError('storage', `The journal ${path} failed: ${thrown.message}.`, {
      cause: thrown,
      retryable: false,
    });
  const { kind, retryable, says, reason: inShort } = reason;
  return new TroupeError(kind, `The journal ${path} ${says} (${thrown.message})`, {
    cause: thrown,
    retryable,
    data: { reason: inShort },
  });
}
