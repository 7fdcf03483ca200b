/** Flows from the command line: shown, followed, answered and replayed, each in a process of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace, type Workspace } from './troupe.ts';

/** A run that waits for an answer. */
async function waiting(dir: Workspace, input: object = { topic: 'actors' }, key = 'job-1'): Promise<void> {
  const { code } = await dir.troupe('run', dir.fixture('publish.ts'), '--input', JSON.stringify(input), '--key', key);
  expect(code).toBe(3);
}

/** A command in this process, which is enough for what it says. */
async function here(dir: Workspace, args: readonly string[], over: Parameters<typeof fakeCli>[0] = {}) {
  const cli = fakeCli({ cwd: dir.folder, clock: systemClock(), open: openRuntime, isInteractive: false, ...over });
  const code = await main([...args, '--db', join(dir.folder, 'troupe.db')], cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}

/** The records of a command that prints one per line. */
const records = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test.concurrent('a run is answered by its name, goes on, and is shown with its calls and artifacts', async () => {
  using dir = workspace();
  await waiting(dir);
  expect((await here(dir, ['waits', 'list'])).out).toContain('Publish it?');
  const wrong = await here(dir, ['waits', 'answer', 'job-1', '--value', '{"ok":"yes"}']);
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('still open');
  const answered = await here(dir, ['waits', 'answer', 'job-1', '--value', '{"ok":true}']);
  expect(answered).toMatchObject({ code: 0, err: expect.stringMatching(/No process has the run. Go on/) as string });
  const again = await here(dir, ['waits', 'answer', 'job-1', '--wait', 'approve', '--value', '{"ok":true}']);
  expect({ code: again.code, says: again.err.includes('answered already') }).toEqual({ code: 1, says: true });
  expect(await dir.troupe('runs', 'resume', 'job-1', '--quiet')).toMatchObject({
    code: 0,
    out: 'published: about actors\n',
  });

  const shown = (await here(dir, ['runs', 'get', 'job-1'])).out;
  expect(shown).toMatch(/\ndraft +checkpoint +completed +1 /);
  expect(shown).toMatch(/\napprove +wait +completed/);
  expect(shown).toContain('job-1/draft/notes.md');
  const json = JSON.parse((await here(dir, ['runs', 'get', 'job-1', '--json'])).out) as { execution: object };
  expect(json.execution).toMatchObject({ status: 'completed', result: 'published: about actors', checkpoint_count: 3 });
  expect((await here(dir, ['runs', 'timeline', 'job-1'])).out).toMatch(/draft +=+/);
});

test.concurrent('a question is withdrawn by its run, which ends the flow', async () => {
  using dir = workspace();
  await waiting(dir);
  const both = await here(dir, ['waits', 'answer', 'job-1', '--abort', '--value', '{}']);
  expect({ code: both.code, says: both.err.includes('leave out') }).toEqual({ code: 2, says: true });
  expect((await here(dir, ['waits', 'answer', 'job-1', '--abort', 'wrong topic'])).code).toBe(0);
  const { code, err } = await dir.troupe('runs', 'resume', 'job-1', '--quiet');
  expect(code).toBe(1);
  expect(err).toContain('wrong topic');
  expect((await here(dir, ['waits', 'answer', 'job-1', '--value', '1'])).err).toContain('Nothing in "job-1" waits');
  await waiting(dir, { topic: 'flows' }, 'job-2');
  expect((await here(dir, ['waits', 'abort', 'job-2', '--wait', 'other'])).err).toContain('has no question "other"');
  expect((await here(dir, ['waits', 'abort', 'job-2', '--wait', 'approve', '--reason', 'too late'])).code).toBe(0);
  expect((await dir.troupe('runs', 'resume', 'job-2', '--quiet')).err).toContain('too late');
});

test.concurrent('open questions are gone through on a terminal, and nowhere else', async () => {
  using dir = workspace();
  await waiting(dir);
  await waiting(dir, { topic: 'flows' }, 'job-2');
  const elsewhere = await here(dir, ['waits', 'answer', '--interactive']);
  expect({ code: elsewhere.code, says: elsewhere.err.includes('needs a terminal') }).toEqual({ code: 2, says: true });
  const mixed = await here(dir, ['waits', 'answer', '--interactive', '--value', '1'], { isInteractive: true });
  expect(mixed.code).toBe(2);
  const answers = ['what?', 's', 'c', '{"ok":1}', '{"ok":true}'];
  const asked = await here(dir, ['waits', 'answer', '--interactive'], { isInteractive: true, answers });
  expect(asked.code).toBe(0);
  expect(asked.err).toContain('does not fit');
  const left = await here(dir, ['waits', 'list', '--json']);
  expect(
    (JSON.parse(left.out) as { run: string; answered: boolean }[]).map(({ run, answered }) => [run, answered]),
  ).toEqual([
    ['job-2', true],
    ['job-1', false],
  ]);
  expect((await here(dir, ['waits', 'answer'])).err).toContain('--interactive');
});

test.concurrent(
  'the log of a flow is followed until it ends; the exit code says whether it was completed',
  async () => {
    using dir = workspace();
    await waiting(dir);
    const following = dir.start('runs', 'logs', 'job-1', '--follow');
    const asJson = dir.start('runs', 'logs', 'job-1', '--follow', '--json');
    await following.until(/troupe waits answer job-1 --wait approve/);
    await asJson.until(/"waiting"/);
    await here(dir, ['waits', 'answer', 'job-1', '--value', '{"ok":true}']);
    await dir.troupe('runs', 'resume', 'job-1');
    const { code, out, err } = await following.ended;
    expect(code).toBe(0);
    expect(out).toMatch(/draft {2}\{"words":2\}/);
    expect(out).toMatch(/release {2}completed/);
    expect(err).toContain('The run job-1 is completed');
    const json = await asJson.ended;
    expect(json).toMatchObject({ code: 0, err: '' });
    const lines = records(json.out);
    expect(lines[0]).toMatchObject({ event: 'waiting', item: { wait_name: 'approve', question: 'Publish it?' } });
    expect(lines.at(-1)).toMatchObject({ event: 'terminal', item: { status: 'completed' } });
    const places = lines.flatMap(({ event, item }) => (event === 'log' ? [(item as { seq: number }).seq] : []));
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
  },
);

test.concurrent('a log is followed to the failure of its run, and left with Ctrl-C', async () => {
  using dir = workspace();
  await waiting(dir, { topic: 'x', broken: true });
  const left = dir.start('runs', 'tail', 'job-1');
  await left.until(/waits for an answer/);
  left.process.kill('SIGINT');
  expect((await left.ended).code).toBe(130);
  const following = dir.start('runs', 'logs', 'job-1', '--follow', '--source', 'runner', '--json');
  await following.until(/"waiting"/);
  await here(dir, ['waits', 'answer', 'job-1', '--value', '{"ok":true}']);
  expect((await dir.troupe('runs', 'resume', 'job-1')).code).toBe(1);
  const { code, out, err } = await following.ended;
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(records(out).at(-1)).toMatchObject({
    event: 'terminal',
    item: { status: 'failed', failure: { message: 'no paper' }, recovery_command: 'troupe runs retry job-1' },
  });
});

test.concurrent('a part of a log is shown: of one call, of one source, and so many lines', async () => {
  using dir = workspace();
  await waiting(dir);
  const logs = async (...more: string[]) => here(dir, ['runs', 'logs', 'job-1', ...more]);
  expect((await logs()).out.split('\n').length).toBeGreaterThan(6);
  const draft = records((await logs('--checkpoint', 'draft', '--json')).out);
  expect(draft.every(({ checkpoint_name: call }) => call === 'draft')).toBe(true);
  expect(records((await logs('--limit', '2', '--json')).out)).toHaveLength(2);
  expect((await logs('--checkpoint', 'nowhere')).err).toContain('no such lines');
  expect((await logs('--checkpoint', 'draft', '--source', 'runner')).code).toBe(2);
  expect((await logs('--follow', '--limit', '2')).code).toBe(2);
  expect((await logs('--source', 'else')).code).toBe(2);
});

test.concurrent('runs are listed by their definition, and page by page', async () => {
  using dir = workspace();
  await waiting(dir);
  await waiting(dir, { topic: 'x' }, 'job-2');
  await dir.troupe('run', dir.fixture('hello.ts'), '--input', 'Ada', '--key', 'hello-1');
  const ofFlow = JSON.parse((await here(dir, ['runs', 'list', '--flow', 'publish', '--json'])).out) as {
    run: string;
  }[];
  expect(ofFlow.map(({ run }) => run)).toEqual(['job-2', 'job-1']);
  const page = async (cursor: string) =>
    JSON.parse((await here(dir, ['runs', 'list', '--limit', '2', '--cursor', cursor, '--json'])).out) as {
      items: { exec_id: string }[];
      next?: string;
    };
  const first = await page('first');
  expect(first.items.map(({ exec_id: id }) => id)).toEqual(['hello-1', 'job-2']);
  const second = await page(String(first.next));
  expect({ ids: second.items.map(({ exec_id: id }) => id), next: second.next }).toEqual({
    ids: ['job-1'],
    next: undefined,
  });
  expect((await here(dir, ['runs', 'list', '--cursor', 'nonsense'])).code).toBe(2);
  expect((await here(dir, ['runs', 'list', '--cursor', 'first', '--status', 'parked'])).code).toBe(2);
});

test.concurrent('artifacts are listed, printed, and written to files', async () => {
  using dir = workspace();
  await waiting(dir);
  const list = async (...more: string[]) =>
    JSON.parse((await here(dir, ['artifacts', 'list', 'job-1', '--json', ...more])).out) as { artifact_id: string }[];
  expect((await list()).map(({ artifact_id: id }) => id)).toEqual([
    'job-1/draft/notes.md',
    'job-1/draft/pixels',
    'job-1/draft/output',
  ]);
  expect(await list('--kind', 'blob')).toHaveLength(1);
  expect(await list('--name', 'draft')).toHaveLength(1);
  expect(await list('--producing-call', 'release')).toEqual([]);
  expect((await here(dir, ['artifacts', 'list', 'job-1', '--limit', '2'])).err).toContain('--cursor 2');
  expect((await here(dir, ['artifacts', 'get', 'job-1/draft/notes.md'])).out).toBe('# actors\n');
  const bytes = await here(dir, ['artifacts', 'get', 'job-1/draft/pixels']);
  expect({ code: bytes.code, says: bytes.err.includes('--out FILE') }).toEqual({ code: 2, says: true });
  expect((await here(dir, ['artifacts', 'get', 'job-1/draft/pixels', '--out', 'pixels.bin'])).code).toBe(0);
  expect([...readFileSync(join(dir.folder, 'pixels.bin'))]).toEqual([1, 255]);
  expect((await here(dir, ['artifacts', 'get', 'job-1/draft/pixels', '--out', 'pixels.bin'])).code).toBe(2);
  const missing = await here(dir, ['artifacts', 'get', 'job-1/draft/other']);
  expect({ code: missing.code, says: missing.err.includes('job-1/draft/notes.md') }).toEqual({ code: 2, says: true });
});

test.concurrent('a run is replayed from a call, with a plan before, and with other results', async () => {
  using dir = workspace();
  await waiting(dir);
  await here(dir, ['waits', 'answer', 'job-1', '--value', '{"ok":true}']);
  await dir.troupe('runs', 'resume', 'job-1');
  const plan = await here(dir, ['runs', 'replay', 'job-1', '--from', 'release', '--plan', '--json']);
  expect(JSON.parse(plan.out)).toMatchObject({ reused: ['draft'], overridden: [] });
  const overrides = JSON.stringify({ 'checkpoint.draft': 'my draft', 'wait.approve': { ok: true } });
  const edited = await dir.troupe('runs', 'fork', 'job-1', '--overrides', overrides, '--key', 'edited', '--quiet');
  expect(edited).toMatchObject({ code: 0, out: 'published: my draft\n' });
  expect((await here(dir, ['runs', 'diff', 'job-1', 'edited'])).out).toMatch(/draft +changed/);
  expect((await here(dir, ['runs', 'get', 'edited'])).out).toContain('from override');
  const wrong = await here(dir, ['runs', 'replay', 'job-1', '--from', 'nowhere']);
  expect({ code: wrong.code, says: wrong.err.includes('nowhere') }).toEqual({ code: 1, says: true });
  expect((await here(dir, ['runs', 'replay', 'job-1', '--overrides', '[]'])).code).toBe(2);
  expect((await here(dir, ['runs', 'replay', 'job-1'])).code).toBe(2);
});

test.concurrent('a signal is sent to a flow by its name', async () => {
  using dir = workspace();
  const listening = await dir.start('run', dir.fixture('listen.ts'), '--key', 'l', '--quiet').ended;
  expect(listening).toMatchObject({ code: 3, err: expect.stringContaining('troupe runs signal l news') as string });
  expect((await here(dir, ['runs', 'signal', 'l', 'news', '--value', '{"n":1}'])).code).toBe(0);
  expect(JSON.parse((await here(dir, ['runs', 'resume', 'l', '--quiet'])).out)).toEqual({ n: 1 });
  expect((await here(dir, ['runs', 'signal', 'l', 'news'])).code).toBe(1);
  expect((await here(dir, ['runs', 'signal', 'l', 'news', '--value', '{'])).code).toBe(2);
});

test.concurrent(
  'a flow whose input may be left out takes its default, and one whose input is needed says so',
  async () => {
    using dir = workspace();
    expect(await here(dir, ['run', dir.fixture('greeting.ts'), '--quiet'])).toMatchObject({
      code: 0,
      out: 'Hello you\n',
    });
    expect(await here(dir, ['run', dir.fixture('greeting.ts'), '--quiet', '--input', '{"who":"Ada"}'])).toMatchObject({
      code: 0,
      out: 'Hello Ada\n',
    });
    const without = await here(dir, ['run', dir.fixture('publish.ts'), '--quiet']);
    expect(without.code).toBe(2);
    expect(without.err).toContain('Give it an input with --input');
  },
);
