/** Flows from the shell: a run that waits for a person, its answer in another process, its end in a third one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace } from './troupe.ts';

/** In this process, which is enough for what is printed. */
async function inProcess(cwd: string, ...args: string[]) {
  const cli = fakeCli({ cwd, clock: systemClock(), open: openRuntime, isInteractive: false });
  const code = await main(args, cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);

test('a flow that waits ends with exit code 3 and says how to answer; the answer and a resume complete it, and nothing is written twice', async () => {
  using dir = workspace();
  const file = dir.fixture('greet.ts');
  const first = await dir.troupe('run', file, '--input', '{"who":"ada"}', '--key', 'g');
  expect(first).toMatchObject({ code: 3, out: '' });
  expect(first.err).toContain('Send it?\n  troupe waits answer wait/');
  expect(first.err).toContain('Then go on with: troupe runs resume g');

  const list = await dir.troupe('waits', 'list');
  expect(list.out).toMatch(/run g, asked [^,)]* ago\)\n {2}Send it\?/);
  const [, ticket = ''] = /troupe waits answer (\S+)/.exec(first.err) ?? [];
  const wrong = await dir.troupe('waits', 'answer', ticket, '--answer', '{"ok":"yes"}');
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('at "ok": expected boolean') as string });
  expect((await dir.troupe('waits', 'answer', ticket, '--answer', '{"ok":true}')).code).toBe(0);

  expect(await dir.troupe('runs', 'resume', 'g', '--quiet')).toEqual({ code: 0, out: 'Hello ada\n', err: '' });
  // The same key prints the same result.
  const again = await dir.troupe('run', file, '--input', '{"who":"ada"}', '--key', 'g', '--json', '--quiet');
  expect(JSON.parse(again.out)).toMatchObject({ run: 'g', status: 'done', output: 'Hello ada' });
  expect(readFileSync(join(dir.folder, 'writes.txt'), 'utf8')).toBe('Hello ada\n');
  const second = await dir.troupe('waits', 'answer', ticket, '--answer', '{"ok":false}');
  expect(second).toMatchObject({ code: 1, err: expect.stringContaining('conflict') as string });
});

test('an input that does not fit is a mistake in the command line, which names the field; nothing is begun', async () => {
  using dir = workspace();
  const db = join(dir.folder, 'troupe.db');
  const greet = (...args: string[]) => inProcess(dir.folder, 'run', fixture('greet.ts'), '--db', db, ...args);
  expect(await greet('--input', '{"who":5}')).toEqual({
    code: 2,
    out: '',
    err: expect.stringContaining(
      'The input of the flow "greet" does not fit: at "who": expected string, came number 5.',
    ) as string,
  });
  expect(await greet()).toMatchObject({ code: 2, err: expect.stringContaining('--input') as string });
  // What is wrong is the key, and not the input.
  expect(await greet('--key', 'Order-1')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^A run key must be an id .* at most 200\); got "Order-1"\.(?!.*--input)/) as string,
  });
  expect((await inProcess(dir.folder, 'runs', 'list', '--db', db, '--json')).out).toBe('[]\n');
});

test('dates, maps and other values of a result are printed as plain JSON, and nothing as null', async () => {
  using dir = workspace();
  const values = (...args: string[]) =>
    inProcess(dir.folder, 'run', fixture('plainValues.ts'), '--db', join(dir.folder, 'v.db'), '--quiet', ...args);
  const plain = {
    at: '1970-01-01T00:00:00.000Z',
    counts: { a: '1' },
    pairs: [[1, 'one']],
    tags: ['x'],
    bytes: 'AQID',
    failure: { name: 'RangeError', message: 'too far' },
    missing: null,
  };
  expect(JSON.parse((await values('--input', 'all')).out)).toEqual(plain);
  const { run: _, ...printed } = JSON.parse((await values('--input', 'all', '--json')).out) as Record<string, unknown>;
  expect(printed).toEqual({ status: 'done', output: plain });
  expect((await values()).out).toBe('null\n');
});

test('the chart of a flow is drawn, and the commands that look at its run show it', async () => {
  using dir = workspace();
  const db = join(dir.folder, 'troupe.db');
  expect((await inProcess(dir.folder, 'graph', fixture('greet.ts'))).out).toContain('stateDiagram-v2');
  const run = await dir.troupe('run', dir.fixture('greet.ts'), '--input', '{"who":"ada"}', '--key', 'g', '--db', db);
  expect(run.code).toBe(3);
  const shown = async (...args: string[]) => {
    const { code, out } = await inProcess(dir.folder, 'runs', ...args, '--db', db);
    expect({ args, code }).toEqual({ args, code: 0 });
    return out;
  };
  expect(await shown('list')).toMatch(/^g +greet +waiting/m);
  expect(await shown('get', 'g')).toContain('Send it?');
  expect(await shown('why', 'g')).toContain('It asks a person: Send it?');
  expect(await shown('logs', 'g')).toContain('waits for an answer: Send it?');
  expect(JSON.parse(await shown('export', 'g'))).toMatchObject({ subject: { type: 'flow' } });
  expect((await inProcess(dir.folder, 'check', fixture('greet.ts'))).err).toContain('crash() and simulate() show');
});

test('the commands that are told can be pasted, also where the path of the journal has spaces', async () => {
  using dir = workspace();
  const db = join(dir.folder, "ada's journal.db");
  const first = await dir.troupe('run', dir.fixture('greet.ts'), '--set', 'who=ada', '--key', 'g', '--db', db);
  expect(first.code).toBe(3);
  const [, answer = ''] = /^ *(troupe waits answer .*)--answer/m.exec(first.err) ?? [];
  const [, resume = ''] = /Then go on with: (.*)/.exec(first.err) ?? [];
  const answered = await dir.shell(`${answer} --answer '{"ok":true}'`);
  expect(answered.err).toContain(resume);
  expect(await dir.shell(`${resume} --quiet`)).toEqual({ code: 0, out: 'Hello ada\n', err: '' });
});

test('a run whose journal is in memory is not told to be resumed later', async () => {
  using dir = workspace();
  const ended = await dir.troupe('run', dir.fixture('greet.ts'), '--set', 'who=ada', '--db', 'memory', '--quiet');
  expect(ended.code).toBe(3);
  expect(ended.err).toContain('Send it?');
  expect(ended.err).not.toContain('troupe ');
  expect(ended.err).toContain('Its journal was in memory, and has ended with this command.');
});
