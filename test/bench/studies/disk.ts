/**
 * What a durable agent turn writes, beside a loop that stores each result with one FULL commit: pages of the write-ahead log for each commit, by table and index,
 * bytes of the file for each turn, and processor time.
 */
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteDriver } from '../../../src/journal/sqlite/database.ts';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import { agentOf, loop } from '../rows/loop.ts';
import { median } from './measure.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
let files = 0;
const file = () => join(folder, `disk${files++}.db`);

/** What a number of turns have cost. */
interface Cost {
  readonly commits: number;
  /** Frames of the write-ahead log, by table or index. */
  readonly frames: ReadonlyMap<string, number>;
  /** Bytes of the write-ahead log. */
  readonly logged: number;
  /** Bytes of the file when it is closed. */
  readonly bytes: number;
  /** Processor time in microseconds. */
  readonly busy: number;
  /** Bytes of the file, by table or index. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Does `work` while another connection reads, so that the write-ahead log keeps all frames. */
async function costOf(
  path: string,
  work: (db: SqliteDriver) => Promise<number>,
  close: () => Promise<void>,
): Promise<Cost> {
  const reader = await openSqliteDriver(path);
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM sqlite_master').all();
  const before = statSync(`${path}-wal`).size;
  const began = process.cpuUsage();
  const other = await openSqliteDriver(path);
  const commits = await work(other);
  const { user, system } = process.cpuUsage(began);
  const log = readFileSync(`${path}-wal`);
  other.close();
  reader.exec('COMMIT');
  const names = namesOf(reader);
  const pageSize = log.readUInt32BE(8);
  const frame = pageSize + 24;
  const frames = new Map<string, number>();
  for (let at = Math.max(before, 32); at + frame <= log.length; at += frame) {
    const name = names.get(log.readUInt32BE(at)) ?? 'free';
    frames.set(name, (frames.get(name) ?? 0) + 1);
  }
  const sizes = new Map<string, number>();
  for (const name of names.values()) sizes.set(name, (sizes.get(name) ?? 0) + pageSize);
  reader.close();
  await close();
  return { commits, frames, logged: log.length - before, bytes: statSync(path).size, busy: user + system, sizes };
}

const namesOf = (db: SqliteDriver) =>
  new Map(
    db
      .prepare<{ name: string; pageno: number }>('SELECT name, pageno FROM dbstat')
      .all()
      .map(({ name, pageno }) => [Number(pageno), String(name)]),
  );

async function loopCost(turns: number): Promise<Cost> {
  const path = file();
  const db = await openSqliteDriver(path);
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE steps (key TEXT PRIMARY KEY, value TEXT)',
  );
  const insert = db.prepare('INSERT INTO steps VALUES (?, ?)');
  return costOf(
    path,
    async () => {
      let commits = 0;
      await loop(turns, (key, value) => {
        commits++;
        insert.run(key, JSON.stringify(value));
      });
      return commits;
    },
    async () => {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      db.close();
    },
  );
}

async function troupeCost(turns: number): Promise<Cost> {
  const path = file();
  // The sources, as every study takes them.
  const subject = await agentOf((module: string) => import(`../../../${module}.ts`) as never, turns, path);
  return costOf(
    path,
    async (db) => {
      await subject.run();
      return Number(db.prepare<{ n: number }>('SELECT count(*) AS n FROM commits').get()?.n);
    },
    () => Promise.resolve(subject[Symbol.asyncDispose]()),
  );
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);

export async function disk(rounds = 3): Promise<void> {
  for (const turns of [10, 100, 400]) {
    const costs: { floor: Cost; ours: Cost }[] = [];
    for (let round = 0; round < rounds; round++)
      costs.push({ floor: await loopCost(turns), ours: await troupeCost(turns) });
    console.log(`\nWritten to disk, ${turns} turns (${rounds} rounds)`);
    const line = (name: string, of: (cost: Cost) => number, goal: string) => {
      const ours = median(costs.map((cost) => of(cost.ours)));
      const floor = median(costs.map((cost) => of(cost.floor)));
      console.log(
        `  ${name.padEnd(28)} loop ${floor.toFixed(1).padStart(9)}   troupe ${ours.toFixed(1).padStart(9)}   ${(ours / floor).toFixed(2).padStart(6)}×   ${goal}`,
      );
    };
    line('pages per commit', ({ frames, commits }) => total(frames) / commits, 'goal 3 to 4 pages');
    line('bytes of the file per turn', ({ bytes }) => bytes / turns, 'goal ≤ 5×');
    line('bytes written per turn', ({ logged, bytes }) => (logged + bytes) / turns, 'goal ≤ 3×');
    line('µs of processor per turn', ({ busy }) => busy / turns, 'goal ≤ 4×');
    const { frames, commits, sizes } = costs[0]!.ours;
    const each = (counts: ReadonlyMap<string, number>, by: number, digits: number) =>
      [...counts]
        .sort((a, b) => b[1] - a[1])
        .map(([name, n]) => `${name} ${(n / by).toFixed(digits)}`)
        .join(', ');
    console.log(`  pages per commit in ${each(frames, commits, 2)}`);
    if (turns === 400) console.log(`  bytes per turn in ${each(sizes, turns, 0)}`);
  }
}
