/**
 * The real `troupe run`, killed with SIGKILL at random moments until it is done: nothing lost, nothing repeated, nothing stuck.
 * A short dose runs with every test; TROUPE_KILLS=100 is the long one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { sqlite } from '../../src/journal/sqlite.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { turns } from './subject.ts';
import { world } from './world.ts';

const wanted = Number(process.env.TROUPE_KILLS ?? 12);
const seed = Number(process.env.TROUPE_SEED ?? 1);
const root = resolve(import.meta.dirname, '../..');
const cli = ['--conditions', 'troupe-source', '--import', 'tsx', join(root, 'src/cli/main.ts')];

interface End {
  readonly killed: boolean;
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs until the end, or until it is killed so many milliseconds after it began to work. */
function runOnce(db: string, url: string, killAfter: number | undefined): Promise<End> {
  return new Promise((done, fail) => {
    const child = spawn(
      process.execPath,
      [...cli, 'run', 'test/chaos/subject.ts', '--input', 'Fill them.', '--key', 'chaos', '--db', db],
      {
        cwd: root,
        env: { ...process.env, CHAOS_WORLD: url },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let out = '';
    let err = '';
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
      if (killAfter !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter);
    });
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done({ killed: signal === 'SIGKILL', code, out, err });
    });
  });
}

const ledgered = async (db: string): Promise<Set<string>> => {
  await using journal = await sqlite(db);
  expect((await journal.verify()).damage).toEqual([]);
  return new Set((await journal.ledger('chaos')).map(({ key }) => key));
};

test(`survives ${wanted} kills (seed ${seed})`, { timeout: 60_000 + wanted * 6_000 }, async () => {
  const clock = virtualClock({ seed });
  let kills = 0;
  while (kills < wanted) {
    const db = join(mkdtempSync(join(tmpdir(), 'troupe-chaos-')), 'j.db');
    await using outside = await world(() => 5 + clock.random() * 40);
    let settled = new Set<string>();
    for (let attempt = 0; ; attempt++) {
      const before = outside.calls.length;
      const end = await runOnce(db, outside.url, attempt < 8 ? clock.random() * 250 : undefined);
      const repeated = outside.calls.slice(before).filter(({ key }) => settled.has(key));
      expect(repeated, `calls whose result was in the ledger (kill ${kills}, seed ${seed})`).toEqual([]);
      settled = await ledgered(db);
      if (end.killed) {
        kills++;
        continue;
      }
      expect([end.code, end.out.trim()], `${end.err}\n(kill ${kills}, seed ${seed})`).toEqual([
        0,
        `Filled ${turns} shelves.`,
      ]);
      break;
    }
    const done = Object.fromEntries(outside.applied);
    for (let shelf = 0; shelf < turns; shelf++)
      expect(done[`/put/${shelf}`], `shelf ${shelf} (kill ${kills}, seed ${seed})`).toBe(1);
  }
});
