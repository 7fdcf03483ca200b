/** The seam to SQLite: `node:sqlite` where Node has it, `libsql` elsewhere. Both are synchronous; nothing else in the house knows which. */
import { TroupeError } from '../contracts/failure.ts';
import { tamed, type Libsql } from './libsql.ts';

export type Value = string | number | null;
export type Row = Readonly<Record<string, string | number | null>>;

export interface Statement {
  run(...values: Value[]): unknown;
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
}

export interface Driver {
  readonly name: 'node:sqlite' | 'libsql';
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export async function openDriver(path: string, prefer?: Driver['name']): Promise<Driver> {
  const loaders = { 'node:sqlite': native, libsql };
  const order = prefer ? [prefer] : (['node:sqlite', 'libsql'] as const);
  for (const name of order) {
    const open = await loaders[name]();
    if (open) return guarded(name, path, open);
  }
  throw new TroupeError(
    'storage',
    `SQLite is missing: Node ${process.versions.node} has no node:sqlite, and the package "libsql" is not installed. Use Node 22.13 or newer, or run "npm install libsql".`,
  );
}

type Raw = Omit<Driver, 'name'>;

async function native(): Promise<((path: string) => Raw) | undefined> {
  try {
    // By a name the compiler does not follow: the types are those of the oldest Node we run on, which has no such module.
    const { DatabaseSync } = (await import('node:sqlite' as string)) as { DatabaseSync: new (path: string) => Raw };
    return (path) => new DatabaseSync(path);
  } catch {
    return undefined;
  }
}

async function libsql(): Promise<((path: string) => Raw) | undefined> {
  try {
    const { default: Database } = await import('libsql');
    return (path) => tamed(new Database(path) as unknown as Libsql);
  } catch {
    return undefined;
  }
}

/** Every error of the database becomes one that says what to do. */
function guarded(name: Driver['name'], path: string, open: (path: string) => Raw): Driver {
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
    prepare(sql) {
      const statement = guard(() => raw.prepare(sql));
      return {
        run: (...values) => guard(() => statement.run(...bound(values))),
        get: (...values) => guard(() => statement.get(...bound(values))),
        all: (...values) => guard(() => statement.all(...bound(values))),
      };
    },
    close: () => raw.close(),
  };
}

/** What another process wrote may be anything; one of the drivers ends the whole process at what it cannot bind. */
function bound(values: Value[]): Value[] {
  const stray: unknown = values.find(
    (value: unknown) => value !== null && typeof value !== 'string' && typeof value !== 'number',
  );
  if (values.includes(undefined as never) || stray !== undefined)
    throw new TroupeError('invalid', `A text, a number or null is expected in the journal, got ${typeof stray}.`);
  return values;
}

/** SQLite's primary result codes, as `errcode` (node:sqlite) or `rawCode` (libsql); its words where a driver gives neither. */
const reasons: readonly (readonly [
  codes: readonly number[],
  words: RegExp,
  kind: 'storage' | 'corrupt',
  retryable: boolean,
  says: string,
])[] = [
  [[5, 6], /locked|busy/i, 'storage', true, 'is locked by another program. Close it, or wait; the engine tries again.'],
  [
    [13],
    /full/i,
    'storage',
    true,
    'has no room: the disk is full. Free some space; nothing committed is lost, and the engine tries again.',
  ],
  [
    [8, 3, 23],
    /readonly|read-only|permission/i,
    'storage',
    false,
    'cannot be written. Check the permissions of the file and its folder, or choose another with --db.',
  ],
  [
    [14],
    /unable to open|cannot open/i,
    'storage',
    false,
    'cannot be opened. Check that its folder exists and may be written, or choose another with --db.',
  ],
  [[26], /not a database/i, 'corrupt', false, 'is not a Troupe journal. Choose another file with --db.'],
  [
    [11],
    /malformed|corrupt/i,
    'corrupt',
    false,
    'is damaged. Keep a copy, then run "troupe doctor" to see which actors it concerns.',
  ],
  [
    [10],
    /i\/o/i,
    'storage',
    true,
    'could not be read or written by the disk. Look at the system log; the engine tries again.',
  ],
];

function explain(path: string, thrown: unknown): unknown {
  if (thrown instanceof TroupeError || !(thrown instanceof Error)) return thrown;
  const { errcode, rawCode } = thrown as { errcode?: number; rawCode?: number };
  const code = (errcode ?? rawCode ?? 0) & 0xff;
  const [, , kind, retryable, says] =
    reasons.find(([codes]) => codes.includes(code)) ?? reasons.find(([, words]) => words.test(thrown.message)) ?? [];
  if (!kind)
    return new TroupeError('storage', `The journal ${path} failed: ${thrown.message}.`, {
      cause: thrown,
      retryable: false,
    });
  return new TroupeError(kind, `The journal ${path} ${says} (${thrown.message})`, {
    cause: thrown,
    retryable: retryable!,
  });
}
