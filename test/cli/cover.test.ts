/** `troupe cover`: the coverage of a test run, merged from its workers, and its thresholds. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { fakeCli } from './fakeCli.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-cover-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const recorded = join(folder, 'recorded');
const record = (into: string) =>
  execFileSync(process.execPath, [vitest, 'run'], {
    cwd: resolve(import.meta.dirname, 'fixtures/cover'),
    env: { PATH: process.env['PATH'], TROUPE_COVER: into },
    stdio: 'pipe',
  });
record(recorded);

async function cover(...args: string[]) {
  const cli = fakeCli({ cwd: folder });
  const code = await main(['cover', ...args], cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}
/** A copy of the recorded coverage, to be damaged. */
function copy(name: string) {
  cpSync(recorded, join(folder, name), { recursive: true });
  const files = readdirSync(join(folder, name)).map((file) => join(folder, name, file));
  return {
    name,
    change: (change: (text: string) => string, which = files.slice(0, 1)) =>
      which.forEach((file) => writeFileSync(file, change(readFileSync(file, 'utf8')))),
  };
}

test('the coverage of a story and of a runtime in two workers is one report, which names every gap and its place', async () => {
  const { code, out, err } = await cover('recorded');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toBe(
    [
      'machine  states   transitions  guards   steps',
      'door     4/5 80%  3/4 75%      3/4 75%  5',
      '',
      'door:',
      '  transition door.shut, key [isLastTry] to door.jammed was never taken',
      '  guard isLastTry (door.shut, key to door.jammed) never said yes',
      '  state door.jammed was never entered',
      '',
    ].join('\n'),
  );
});

test('coverage below a threshold exits with code 1 and names the machine; at the threshold it exits with 0', async () => {
  expect(await cover('recorded', '--min-states', '80', '--min-transitions', '75', '--min-guards', '75')).toMatchObject({
    code: 0,
  });
  expect(await cover('recorded', '--min-states', '80', '--min-guards', '75.1')).toMatchObject({
    code: 1,
    err: 'door: guards are covered to 75 %, asked were 75.1.\n',
  });
});

test('--json prints the same for programs, each gap with its state, event, guard and missing outcome', async () => {
  const { out } = await cover('recorded', '--json', '--min-states', '100');
  const report = JSON.parse(out) as { machines: { gaps: object[] }[] };
  expect(report).toMatchObject({
    files: 2,
    machines: [{ id: 'door', states: { covered: 4, total: 5 }, strays: 0 }],
    below: ['door: states are covered to 80 %, asked were 100.'],
  });
  expect(report.machines[0]!.gaps).toContainEqual({
    machine: 'door',
    kind: 'guard',
    state: 'door.shut',
    on: 'key',
    guard: 'isLastTry',
    outcome: 'yes',
    says: 'guard isLastTry (door.shut, key to door.jammed) never said yes',
  });
});

test('the picture shows what was covered, and how often', async () => {
  const { out } = await cover('recorded', '--mermaid');
  expect(out).toMatch(/: key \[fits\] ×1\n/);
  expect(out).toMatch(/: ✗ key \[isLastTry\] ×0\n/);
  expect(out).toMatch(/class s\d+_door_jammed cold\n/);
  expect(out).toMatch(/class s\d+_door_open hot\n/);
  const { err } = await cover('recorded', '--svg', 'charts');
  expect(err).toBe('charts/door.svg\n');
  const svg = readFileSync(join(folder, 'charts/door.svg'), 'utf8');
  expect(svg).toMatch(/<rect class="box final cold"[^>]*\/><text[^>]*>jammed</);
  expect(svg).toMatch(/<rect class="box hot"[^>]*\/><text[^>]*>unlocked</);
});

test('a test file that runs again replaces its coverage; earlier runs are left out without --all', async () => {
  const again = copy('again');
  record(join(folder, 'again'));
  expect(JSON.parse((await cover('again', '--json')).out)).toMatchObject({ files: 2, stale: 0 });
  again.change((text) => text.replace(/"run":"\d+","at":\d+/, '"run":"earlier","at":1'));
  const { out, err } = await cover('again');
  expect(out).not.toContain('3/4 75%      3/4 75%  5');
  expect(err).toBe('Left out: 1 file of earlier runs. --all includes them; delete again to remove them.\n');
  expect((await cover('again', '--all')).out).toContain('door     4/5 80%  3/4 75%      3/4 75%  5');
});

test('the coverage of two versions of one machine is not mixed', async () => {
  const versions = copy('versions');
  versions.change((text) => text.replace(/"hash":"\w+"/, '"hash":"0123456789abcdef"'));
  expect((await cover('versions')).out).toMatch(/^door \(0123456\) [^]*\ndoor \((?!0123456)\w{7}\) /m);
});

test.each([
  ['cut short', (text: string) => text.slice(0, 500), /it is not whole JSON\. Remove it and run the tests again/],
  [
    'of a later version',
    (text: string) => text.replace('troupe-cover/1', 'troupe-cover/9'),
    /written as "troupe-cover\/9"/,
  ],
  ['edited', (text: string) => text.replace(/"steps":\d+/, '"steps":-1'), /at "machines\[0\]\.steps"/],
])('a coverage file that is %s is named, and the others are not reported', async (name, hurt, says) => {
  const damaged = copy(name.replaceAll(' ', '-'));
  damaged.change(hurt);
  const { code, out, err } = await cover(damaged.name);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/\.json cannot be read as coverage: /);
  expect(err).toMatch(says);
});

test('without recorded coverage the message says how to record it', async () => {
  expect(await cover()).toMatchObject({
    code: 2,
    err: expect.stringContaining("setupFiles: ['troupe/testing/cover']") as string,
  });
  expect(await cover('recorded', '-m', 'window')).toMatchObject({
    code: 2,
    err: 'No test took a step of "window". Seen were: door.\n',
  });
  expect(await cover('recorded', '--min-states', '101')).toMatchObject({ code: 2 });
});
