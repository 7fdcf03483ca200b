import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { configure, flow, openRuntime, run, type Runtime } from '../../src/index.ts';
import type { RuntimeOptions } from '../../src/runtime/runtime.ts';
import { recordsIn } from './recordsIn.ts';

const nothing = { retries: null, cache: null, concurrency: null, model: null, deadline: null, keep: null } as const;
afterEach(() => configure(nothing));

function newProject(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
/** A runtime that knows only what the test says. */
async function runtimeWith(options: RuntimeOptions = {}): Promise<Runtime> {
  const runtime = await openRuntime({ db: 'memory', env: {}, project: false, ...options });
  onTestFinished(() => runtime.close());
  return runtime;
}

/** The copy of the configuration that is stored with a run. */
async function frozenIn(runtime: Runtime, exec: string) {
  const [root] = await runtime.journal.find({ run: exec, parent: null });
  return (root!.meta as { about: { frozen_execution_spec: { resolved_execution: object; sources: object } } }).about
    .frozen_execution_spec;
}

test('each field is taken from the first that has it: the run, its flow, the process, the environment, the file', async () => {
  const project = newProject({
    'troupe.config.json': JSON.stringify({ retries: 1, concurrency: 1, cache: true, model: 'a:file', deadline: '1h' }),
  });
  const runtime = await runtimeWith({
    project,
    env: { TROUPE_MODEL: 'a:environment', TROUPE_CONCURRENCY: '2', TROUPE_RETRIES: '2' },
  });
  configure({ concurrency: 3, retries: 3 });
  const configured = flow('configured', { retries: 4 }, async () => 1);
  await (await runtime.start(configured, null, { key: 'a', retries: 5 })).outcome();
  await (await runtime.start(configured, null, { key: 'b' })).outcome();
  expect(await frozenIn(runtime, 'a')).toEqual({
    version: 1,
    resolved_execution: {
      retries: 5,
      cache: true,
      concurrency: 3,
      model: 'a:environment',
      deadline: '1h',
      keep: '30d',
    },
    sources: {
      retries: 'run',
      cache: 'file',
      concurrency: 'process',
      model: 'environment',
      deadline: 'file',
      keep: 'default',
    },
  });
  expect(await frozenIn(runtime, 'b')).toMatchObject({
    resolved_execution: { retries: 4 },
    sources: { retries: 'flow' },
  });
});

test('two runs that begin alike have what was configured when each began', async () => {
  const env: Record<string, string> = {};
  const runtime = await runtimeWith({ env });
  const subject = flow('subject', async () => 1);
  const begin = async (key: string) => (await runtime.start(subject, null, { key })).outcome();
  await begin('a');
  configure({ retries: 3 });
  await begin('b');
  env.TROUPE_CONCURRENCY = '7';
  await begin('c');
  await begin('d');
  const said = await Promise.all(['a', 'b', 'c', 'd'].map((key) => frozenIn(runtime, key)));
  const decided = { cache: false, keep: '30d' };
  expect(said.map(({ resolved_execution }) => resolved_execution)).toEqual([
    { ...decided, retries: 0, concurrency: 1_000 },
    { ...decided, retries: 3, concurrency: 1_000 },
    { ...decided, retries: 3, concurrency: 7 },
    { ...decided, retries: 3, concurrency: 7 },
  ]);
});

test.each([
  ['the run', {}, {}, { retries: 2 }],
  ['its flow', { retries: 2 }, {}, {}],
  ['the environment', {}, { TROUPE_RETRIES: '2' }, {}],
])(
  'retries of %s are made',
  async (_, options, env, given) => {
    const runtime = await runtimeWith({ env });
    let attempts = 0;
    const retried = flow('retried', options, (ctx) =>
      ctx.checkpoint('work', () => {
        if (++attempts < 3) throw new Error('not yet');
        return attempts;
      }),
    );
    const handle = await runtime.start(retried, null, given);
    expect(await handle.outcome()).toMatchObject({ output: 3 });
  },
  20_000,
);

test('what a checkpoint says itself comes before everything', async () => {
  const runtime = await runtimeWith();
  const careful = flow('careful', (ctx) =>
    ctx.checkpoint('work', { retries: 0 }, () => {
      throw new Error('no');
    }),
  );
  await (await runtime.start(careful, null, { key: 'r', retries: 3 })).outcome();
  expect(await recordsIn(runtime, 'r', 'attempt')).toEqual([]);
});

test('a run keeps what it was begun with when the process and its configuration change', async () => {
  const db = join(newProject(), 'troupe.db');
  let most = 0;
  let busy = 0;
  const crowd = flow('crowd', async (ctx) => {
    await ctx.wait({ name: 'go' });
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        ctx.checkpoint(`work${i}`, async () => {
          most = Math.max(most, ++busy);
          await new Promise((resolve) => setImmediate(resolve));
          busy--;
        }),
      ),
    );
  });
  {
    await using runtime = await openRuntime({ db, project: false, env: { TROUPE_CONCURRENCY: '2' } });
    const handle = await runtime.start(crowd, null, { key: 'r' });
    expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  }
  await using runtime = await openRuntime({ db, project: false, env: { TROUPE_CONCURRENCY: '5' } });
  // The same key is the same run, whatever the environment says now.
  const handle = await runtime.start(crowd, null, { key: 'r' });
  const [ticket] = await runtime.tickets('r');
  await runtime.answer(ticket!.id, null);
  expect(await handle.outcome()).toMatchObject({ status: 'done' });
  expect(most).toBe(2);
});

test('a child flow goes by the settings of its run, and by its own options before the surroundings', async () => {
  const runtime = await runtimeWith({ env: { TROUPE_RETRIES: '1' } });
  const child = flow('child', (ctx) => ctx.checkpoint('work', () => Promise.reject(new Error('no'))));
  const strict = flow('strict', { retries: 0 }, (ctx) => ctx.checkpoint('work', () => Promise.reject(new Error('no'))));
  const parent = flow('parent', { uses: [child, strict] }, async (ctx) => {
    await ctx.run(strict, null).catch(() => {});
    await ctx.run(child, null).catch(() => {});
  });
  await (await runtime.start(parent, null, { key: 'r' })).outcome();
  expect(await recordsIn(runtime, 'r', 'attempt')).toHaveLength(1);
}, 20_000);

test('the model of TROUPE_MODEL is asked by ctx.llm', async () => {
  const runtime = await runtimeWith({ env: { TROUPE_MODEL: 'nobody:model' } });
  const asks = flow('asks', (ctx) => ctx.llm('a'));
  expect(await (await runtime.start(asks, null)).outcome()).toMatchObject({
    failure: { kind: 'invalid', message: expect.stringContaining('nobody:model') as unknown },
  });
});

test('a deadline of the surroundings ends a run that was given none', async () => {
  const runtime = await runtimeWith({ env: { TROUPE_DEADLINE: '50ms' } });
  const slow = flow('slow', (ctx) => ctx.sleep('1h'));
  expect(await (await runtime.start(slow, null)).outcome()).not.toMatchObject({ status: 'done' });
});

test.each([
  ['troupe.config.json', '{ "retries": 7 }'],
  ['troupe.config.yaml', 'retries: 7\n'],
  ['troupe.config.mjs', 'export default { retries: 7 };'],
  ['package.json', '{ "name": "a", "troupe": { "retries": 7 } }'],
  // With a byte order mark, as editors on Windows write it.
  ['troupe.config.json', '\ufeff{ "retries": 7 }'],
  ['troupe.config.yaml', '\ufeffretries: 7\n'],
  ['package.json', '\ufeff{ "name": "a", "troupe": { "retries": 7 } }'],
])('%s is found from a folder inside the project', async (name, text) => {
  const project = newProject({ [name]: text });
  mkdirSync(join(project, 'src', 'deep'), { recursive: true });
  writeFileSync(join(project, 'src', 'package.json'), '{ "name": "a part without a configuration" }');
  const runtime = await runtimeWith({ project: join(project, 'src', 'deep') });
  await (
    await runtime.start(
      flow('any', async () => 1),
      null,
      { key: 'r' },
    )
  ).outcome();
  expect(await frozenIn(runtime, 'r')).toMatchObject({
    resolved_execution: { retries: 7 },
    sources: { retries: 'file' },
  });
});

test.each([
  ['{ "retrys": 1 }', 'retrys'],
  ['{ "retries": "many" }', 'retries'],
  ['{ "deadline": "soon" }', 'deadline'],
  ['not JSON', 'cannot be read'],
])('a file that says %s is refused with its path', async (text, message) => {
  const project = newProject({ 'troupe.config.json': text });
  await expect(openRuntime({ db: 'memory', env: {}, project })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(new RegExp(`troupe\\.config\\.json.*${message}`, 's')) as unknown,
  });
});

test.each([
  [{ TROUPE_RETRIES: 'two' }, 'TROUPE_RETRIES must be a whole number, 0 or more; got "two".'],
  [
    { TROUPE_CACHE: 'maybe' },
    'TROUPE_CACHE must be one of true, 1, yes, on, t, y, false, 0, no, off, f, n; got "maybe".',
  ],
  [{ TROUPE_DEADLINE: 'soon' }, `TROUPE_DEADLINE must be a duration, such as '2m', or milliseconds; got "soon".`],
])('a variable that does not fit is named: %j', async (env, message) => {
  await expect(
    run(
      flow('any', async () => 1),
      null,
      { db: 'memory', env, project: false },
    ),
  ).rejects.toMatchObject({
    kind: 'invalid',
    message,
  });
});

test.each([
  ['on', true],
  ['No', false],
  ['', undefined],
])('TROUPE_CACHE=%s', async (text, cache) => {
  const runtime = await runtimeWith({ env: { TROUPE_CACHE: text } });
  await (
    await runtime.start(
      flow('any', async () => 1),
      null,
      { key: 'r' },
    )
  ).outcome();
  const { sources, resolved_execution } = await frozenIn(runtime, 'r');
  expect(sources).toMatchObject({ cache: cache === undefined ? 'default' : 'environment' });
  expect(resolved_execution).toMatchObject({ cache: cache ?? false });
});

test('a mistake in configure, or in what a run is given, is refused, and null clears a field', async () => {
  expect(() => configure({ retries: -1 })).toThrow('configure() does not fit');
  configure({ retries: 2 });
  configure({ retries: null, concurrency: 4 });
  const runtime = await runtimeWith();
  await (
    await runtime.start(
      flow('any', async () => 1),
      null,
      { key: 'r' },
    )
  ).outcome();
  expect((await frozenIn(runtime, 'r')).sources).toMatchObject({ retries: 'default', concurrency: 'process' });
  await expect(
    runtime.start(
      flow('any', async () => 1),
      null,
      { concurrency: 0 },
    ),
  ).rejects.toMatchObject({
    kind: 'invalid',
  });
});
