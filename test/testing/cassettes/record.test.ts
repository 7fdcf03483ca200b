/** The recording modes of a test (none, once, new), and the masking of secrets in the file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { effect, flow, machine, TroupeError, type FailureKind } from 'troupe';
import { cassette, exportRun, testRuntime, type CassetteOptions } from 'troupe/testing';
import { desk, folder } from './fixtures/runs.ts';

const asking = (asked: string[], ...questions: string[]) =>
  machine(
    setup({
      types: {} as { output: string },
      actors: { look: effect<string, { q: string }>(async ({ q }) => (asked.push(q), `sk-secret-1 says ${q}`)) },
    }).createMachine({
      id: 'asking',
      initial: 's0',
      output: questions.join(),
      states: {
        ...Object.fromEntries(
          questions.map((q, i) => [
            `s${i}`,
            { invoke: { src: 'look' as const, id: q, input: { q }, onDone: `s${i + 1}`, onError: `s${i + 1}` } },
          ]),
        ),
        [`s${questions.length}`]: { type: 'final' as const },
      },
    }),
  );
const options = (more: CassetteOptions = {}): CassetteOptions => ({ record: 'once', input: null, env: {}, ...more });

test('once: the first test run performs and records, the second replays', async () => {
  using dir = folder();
  const file = join(dir.path, 'made/for/it.json');
  const asked: string[] = [];
  const first = await cassette(file, options()).replay(asking(asked, 'a', 'b'));
  expect(asked).toEqual(['a', 'b']);
  expect(await cassette(file, options()).replay(asking(asked, 'a', 'b'))).toEqual(first);
  expect(asked).toEqual(['a', 'b']);
  expect(readdirSync(dirname(file))).toEqual(['it.json']);
});

test('once: tests that record the same file at once all pass, and leave one whole cassette', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  const asked: string[] = [];
  const long = 'a'.repeat(300_000);
  const all = await Promise.all(
    Array.from({ length: 4 }, () => cassette(file, options()).replay(asking(asked, long, 'b'))),
  );
  expect(new Set(all.map(({ outcome }) => outcome.status))).toEqual(new Set(['done']));
  expect(await cassette(file).replay(asking([], long, 'b'))).toMatchObject({ drift: [] });
  expect(readdirSync(dir.path)).toEqual(['x.json']);
});

test('once: an existing file is not changed, whatever the machine does now', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  const asked: string[] = [];
  await cassette(file, options()).replay(asking(asked, 'a'));
  await expect(cassette(file, options()).replay(asking(asked, 'z'))).rejects.toMatchObject({ kind: 'conflict' });
  expect(asked).toEqual(['a']);
});

test.each<[FailureKind, boolean]>([
  ['auth', false],
  ['environment', false],
  ['transient', false],
  ['denied', true],
])('once: of a first run that failed with %s a recording is kept: %s', async (kind, isKept) => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  const subject = flow('asks', async (ctx) =>
    ctx.checkpoint('ask', () => {
      throw new TroupeError(kind, 'Not today.');
    }),
  );
  const recorded = cassette(file, options()).replay(subject);
  if (isKept) expect(await recorded).toMatchObject({ outcome: { status: 'failed' } });
  else
    await expect(recorded).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(/not made.*Not today/) as string,
    });
  expect(existsSync(file)).toBe(isKept);
});

test('new: only effects that the file lacks are performed, and then recorded', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  const asked: string[] = [];
  await cassette(file, options()).replay(asking(asked, 'a', 'b'));
  const { drift } = await cassette(file, options({ record: 'new' })).replay(asking(asked, 'a', 'c', 'b'));
  expect(asked).toEqual(['a', 'b', 'c']);
  expect(drift[0]).toMatchObject({ kind: 'input', phase: 's1' });
  expect(await cassette(file).replay(asking(asked, 'a', 'c', 'b'))).toMatchObject({
    drift: [],
    outcome: { status: 'done' },
  });
  expect(asked).toEqual(['a', 'b', 'c']);
});

test('new: a complete file is not changed', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  await cassette(file, options()).replay(asking([], 'a'));
  const before = readFileSync(file, 'utf8');
  await cassette(file, options({ record: 'new' })).replay(asking([], 'a'));
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('none: without a file nothing is performed', async () => {
  const asked: string[] = [];
  await expect(cassette('/nowhere/x.json').replay(asking(asked, 'a'))).rejects.toMatchObject({ kind: 'invalid' });
  expect(asked).toEqual([]);
});

test('recording without an input is refused, and nothing is written', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  await expect(cassette(file, { record: 'once' }).replay(asking([], 'a'))).rejects.toThrow(
    /a first recording needs an input/,
  );
  expect(existsSync(file)).toBe(false);
});

test('a ticket is answered while recording, and not while replaying', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  const questions: string[] = [];
  const onTicket = ({ question }: { question: string }) => (questions.push(question), { approved: true });
  const team = () => desk();
  const recording = options({ input: { topic: 'actors' }, onTicket });
  expect(await cassette(file, recording).replay(team())).toMatchObject({ outcome: { status: 'done' } });
  expect(await cassette(file, recording).replay(team())).toMatchObject({ drift: [], outcome: { status: 'done' } });
  expect(questions).toEqual([expect.stringContaining('mail')]);
});

test('secrets of the environment and chosen values are masked in the file, which can still be replayed', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  const env = { SERVICE_API_KEY: 'sk-secret-1', HOME: '/home/ada-lovelace' };
  const subject = () => asking([], 'call 0301234567', 'b');
  await cassette(file, options({ env, redact: [/\d{10}/] })).replay(subject());
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/sk-secret-1|0301234567/);
  expect(text).toContain('[redacted] says call [redacted]');
  // The number is not known any more, and any number works.
  expect(await cassette(file).replay(subject())).toMatchObject({ drift: [], outcome: { status: 'done' } });
  await expect(cassette(file).replay(asking([], 'hear 0301234567', 'b'))).rejects.toMatchObject({ kind: 'conflict' });
});

test('a run whose id contains a secret is not written', async () => {
  await using runtime = await testRuntime();
  const run = await runtime.start(asking([], 'a'), null, { key: 'card-4111111111111111' });
  await run.outcome();
  await expect(exportRun(runtime.journal, run.id, { redact: [/\d{16}/] })).rejects.toThrow(
    /The run card-\[redacted\] cannot be exported: "card-\[redacted\]" is an address or an id/,
  );
});
