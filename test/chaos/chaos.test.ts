/**
 * Real processes on a real file, calling a service that loses replies: they are killed, frozen and continued, terminated, and their disk is cut off.
 * Nothing is lost, nothing is done twice. This is a short dose (and half of it in the usual run); `npm run chaos -- --minutes 60` is a long one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limits } from '../limits.ts';
import { built } from '../built.ts';
import { cutRound } from './cutRound.ts';
import { whyNoDisk } from './disk.ts';
import { playRound } from './playRound.ts';
import { dose } from '../dose.ts';

const seed = Number(process.env.TROUPE_SEED ?? 2);
const long = { timeout: limits.long };

const kinds = [
  ['killed at named points, three runs at once', 'points', 'kills'],
  ['frozen until another has taken its runs over, and continued', 'zombies', 'zombies'],
  // These kinds take long.
  ['one of three nodes, killed or frozen, with a server that is killed', 'nodes', 'kills'],
  ['killed at random moments', 'kills', 'kills'],
  ['terminated (SIGTERM) in the middle', 'terms', 'terms'],
] as const;

test.each(kinds.slice(0, dose(2, kinds.length)))(
  `a process that is %s loses nothing and performs nothing twice (seed ${seed})`,
  long,
  async (_, kind, what) => {
    let done = 0;
    // On a slow or a fast machine a round may end before it was disturbed: then it shows nothing, and another one is played.
    for (let round = 0; done === 0 && round < 5; round++) {
      const { counts, violations } = await playRound(kind, seed + round);
      expect(violations, `seed ${seed + round}`).toEqual([]);
      expect(counts).toMatchObject({ rounds: 1, lost: 0, duplicated: 0 });
      done = counts[what];
    }
    expect(done, `${what} in five rounds`).toBeGreaterThan(0);
  },
);

const reason = whyNoDisk();
if (reason !== undefined) console.error(`\n!!! NO POWER CUT IS TESTED: ${reason}\n`);

test.skipIf(reason !== undefined)(
  `acknowledged commits survive a power cut, and would not without fsync (seed ${seed})`,
  long,
  async () => {
    const { lost, acknowledged, control, violations } = await cutRound(seed);
    expect({ lost, violations }).toEqual({ lost: 0, violations: [] });
    expect(acknowledged).toBeGreaterThanOrEqual(100);
    expect(control.lost, 'the control lost nothing: the power cut does not work').toBeGreaterThan(0);
  },
);

/** Runs it in a folder of its own, so that its result file is the only one. */
const chaos = (...args: readonly string[]) => {
  const cwd = mkdtempSync(join(tmpdir(), 'troupe-chaos-'));
  const ended = spawnSync(process.execPath, [built('test/chaos/chaos.ts'), ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { ...ended, cwd };
};

test('the long dose writes a result file with its counts and violations', long, () => {
  const { status, stdout, stderr, cwd } = chaos('--minutes', '0', '--only', 'points', '--seed', '5');
  expect([status, stderr], stdout).toEqual([0, '']);
  const [file] = readdirSync(join(cwd, '.troupe/chaos')) as [string];
  const result = JSON.parse(readFileSync(join(cwd, '.troupe/chaos', file), 'utf8')) as object;
  expect(result).toMatchObject({ seed: 5, rounds: 1, runs: 3, effects: 36, lost: 0, duplicated: 0, violations: [] });
});

test.each([
  [['--minutes', 'soon'], '--minutes is a number, 0 or more; it is soon.'],
  [['--seed', '0'], '--seed is a whole number from 1 to 4294967295; it is 0.'],
  [['--only', 'floods'], '--only is one of kills, points, zombies, terms, nodes, leaders, cuts; it is floods.'],
])('chaos %j is refused', (args, words) => {
  const { status, stderr } = chaos(...args);
  expect([status, stderr.trim()]).toEqual([2, words]);
});
