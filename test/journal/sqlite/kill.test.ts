/** Acknowledged commits survive a kill of the process at any moment. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../../built.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { virtualClock } from '../../../src/testing/clock.ts';

const script = [built('test/journal/fixtures/writer.ts')];

/** Runs a writer process, kills it after so many acknowledged commits, and gives all lines it printed. */
function killAfter(lines: number, path: string): Promise<string[]> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [...script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.split('\n').length > lines) child.kill('SIGKILL');
    });
    child.on('error', fail);
    child.on('close', () =>
      done(
        output
          .split('\n')
          .slice(0, -1)
          .filter((line) => line !== 'ready'),
      ),
    );
  });
}

test('kill -9 at twenty different moments loses no acknowledged commit, and every chain is intact', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'troupe-kill-')), 'j.db');
  const seed = 20;
  const clock = virtualClock({ seed });
  const acknowledged = new Map<string, number>();
  for (let kill = 0; kill < 20; kill++) {
    const lines = 1 + Math.floor(clock.random() * 60);
    for (const line of await killAfter(lines, path)) {
      const [actor, seq] = line.split(' ') as [string, string];
      acknowledged.set(actor, Number(seq));
    }
    await using journal = await sqlite(path);
    for (const [actor, seq] of acknowledged) {
      const stored = await journal.load(actor);
      expect(stored!.seq, `${actor} after kill ${kill} at line ${lines} (seed ${seed})`).toBeGreaterThanOrEqual(seq);
      expect(await journal.list(actor, 'said')).toHaveLength(stored!.seq);
    }
    expect((await journal.verify()).damage, `after kill ${kill} (seed ${seed})`).toEqual([]);
  }
  expect([...acknowledged.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(100);
});

test('a file without write permission is reported as read-only, to a user who is not root', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-readonly-'));
  const path = join(folder, 'j.db');
  await (await sqlite(path))[Symbol.asyncDispose]();
  chmodSync(path, 0o444);
  chmodSync(folder, 0o555);
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const { stderr, status } = spawnSync(process.execPath, [...script, path], {
    ...user,
    env: { ...process.env, TMPDIR: mkdtempSync('/tmp/troupe-nobody-'), TSX_DISABLE_CACHE: '1' },
    encoding: 'utf8',
  });
  chmodSync(folder, 0o755);
  expect(stderr).toMatch(/j\.db (cannot be written|cannot be opened)/);
  expect(status).toBe(1);
});
