/** `troupe check`: findings on stdout, and the exit code that says whether there are any. */
import { expect, test } from 'vitest';
import type { CheckReport } from 'troupe/check';
import { workspace } from './troupe.ts';

test('a finding is printed with its trace, a diagram and a test to paste; the exit code is 1', async () => {
  using dir = workspace();
  const { code, out } = await dir.troupe('check', dir.fixture('endless.ts'), '--diagram');
  expect(code).toBe(1);
  expect(out).toMatch(/^desk: [\d,]+ states, [\d,]+ transitions, 1 found\.\n\nlivelock: /);
  expect(out).toContain('  and then, over and over:\n    desk → writer: brief\n    writer: answers article\n');
  expect(out).toContain('```mermaid\nsequenceDiagram\n');
  expect(out).toContain(`import desk from './endless.js';`);
  expect(out).toMatch(/- no deadlock up to \d faults? \(1 drop/);
});

test('a definition without findings exits with code 0, with --json as JSON', async () => {
  using dir = workspace();
  const flags = ['--set', 'topic=tea', '--faults', 'drop=0,crash=0'];
  const { code, out, err } = await dir.troupe('check', dir.fixture('desk.ts'), '--json', ...flags);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const report = JSON.parse(out) as CheckReport;
  expect(report).toMatchObject({ name: 'desk', findings: [], faults: { drop: 0, dup: 1, crash: 0 } });
  expect(report.states).toBeGreaterThan(10);
});

test('a result that a bound limits says so', async () => {
  using dir = workspace();
  const { code, out } = await dir.troupe('check', dir.fixture('endless.ts'), '--max-states', '3');
  expect(code).toBe(0);
  expect(out).toContain('Not proved:\n- everything beyond the bound: it stopped at 3 states');
  expect(out).not.toContain('no deadlock');
});

test.each([
  [['nowhere.ts'], /There is no file nowhere\.ts/],
  [['FILE', '--faults', 'drop'], /--faults expects drop=1,dup=1,crash=1; got "drop"/],
  [['FILE', '--faults', 'fire=1'], /The faults are drop, dup, crash; got "fire"/],
  [['FILE', '--max-states', 'many'], /Expected a whole number/],
])('%j is wrong usage: code 2', async (args, words) => {
  using dir = workspace();
  const { code, err } = await dir.troupe(
    'check',
    ...args.map((arg) => (arg === 'FILE' ? dir.fixture('endless.ts') : arg)),
  );
  expect(code).toBe(2);
  expect(err).toMatch(words);
});

test('a machine with a guard that has no name is refused by name: code 2', async () => {
  using dir = workspace();
  const file = dir.fixture('unnamed.ts');
  const { code, err } = await dir.troupe('check', file);
  expect(code).toBe(2);
  expect(err).toContain('a guard has no name');
});
