/** The catalog: the tools of all sources of an agent, under unique names. */
import { expect, test } from 'vitest';
import type { ToolInfo } from '../../src/contracts/model.ts';
import { catalog } from '../../src/tools/catalog.ts';
import { fakeSource, info } from './fakeSource.ts';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';

const { signal } = testScope();
const names = (tools: readonly ToolInfo[]) => tools.map((tool) => tool.name);

test('local tools keep their names; tools of servers have the name of their server as a prefix', async () => {
  const all = catalog([fakeSource('local', 'search'), fakeSource('files', 'search', 'read.all')]);
  expect(names(await all.list(signal))).toEqual(['search', 'files__search', 'files__read_all']);
});

test('every name is valid for every provider, and unique', async () => {
  const long = 'x'.repeat(64);
  const all = catalog([fakeSource('local', 'a.b', 'a_b', 's__t'), fakeSource('s', 't', long, `${long.slice(1)}y`)]);
  const found = names(await all.list(signal));
  expect(found).toHaveLength(6);
  expect(new Set(found).size).toBe(6);
  for (const name of found) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  expect(await all.call(found.at(-1)!, {}, testScope())).toMatchObject({ source: 's', tool: `${long.slice(1)}y` });
});

test('a name stays the same when another server is added', async () => {
  const alone = names(await catalog([fakeSource('a', 'search')]).list(signal));
  const together = names(await catalog([fakeSource('b', 'search'), fakeSource('a', 'search')]).list(signal));
  expect(together).toEqual(expect.arrayContaining(alone));
});

test('a call goes to the tool of that name', async () => {
  const all = catalog([fakeSource('local', 'search'), fakeSource('files', 'search', 'again')]);
  expect(await all.call('files__search', { q: 1 }, testScope())).toEqual({
    source: 'files',
    tool: 'search',
    input: { q: 1 },
  });
  expect([all.idempotent('files__again'), all.idempotent('search'), all.idempotent('again')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('an unknown tool is a failure of kind tool that names the nearest ones', async () => {
  const all = catalog([fakeSource('files', 'read_file', 'write_file', 'stat')]);
  for (const [unknown, meant] of [
    ['read_file', '"files__read_file"'],
    ['files/read_file', '"files__read_file"'],
    ['files__raed_file', '"files__read_file"'],
    ['__proto__', 'files__stat'],
    ['', 'files__stat'],
    ['x'.repeat(100_000), 'files__stat'],
  ] as const) {
    const failure = await rejectionOf(all.call(unknown, {}, testScope()));
    expect(failure).toMatchObject({ kind: 'tool', message: expect.stringContaining(meant) });
    expect(failure.message.length).toBeLessThan(400);
  }
});

test('only the tools that are allowed are listed', async () => {
  const all = catalog([
    fakeSource('local', 'a', info('b', { tier: 'toolbelt' })),
    fakeSource('s', 'c', 'd'),
    fakeSource('t', 'e'),
  ]);
  expect(names(await all.list(signal, { allow: ['a', 's/c', 't/*'] }))).toEqual(['a', 's__c', 't__e']);
  expect(names(await all.list(signal, { allow: [] }))).toEqual([]);
});

test('the epoch rises when a source changes, and the change is listed', async () => {
  const source = fakeSource('s', 'a');
  const all = catalog([source]);
  let changes = 0;
  using _ = all.onChange(() => changes++);
  await all.list(signal);
  await all.list(signal);
  expect([all.epoch, changes, source.lists]).toEqual([0, 0, 1]);

  source.tools = [info('b')];
  source.change();
  expect([all.epoch, changes]).toEqual([1, 1]);
  expect(names(await all.list(signal))).toEqual(['s__b']);
});

test('a tool that was added since the last list can be called at once', async () => {
  const source = fakeSource('s', 'a');
  const all = catalog([source]);
  await all.list(signal);
  source.tools = [info('a'), info('b')];
  source.change();
  expect(await all.call('s__b', {}, testScope())).toMatchObject({ tool: 'b' });
});

test('a call needs no list before it, as after a restart', async () => {
  expect(await catalog([fakeSource('s', 'a')]).call('s__a', {}, testScope())).toMatchObject({ tool: 'a' });
});

/** Two callers, of which the second comes so many steps of the event loop's queue after the first. */
async function later<T>(steps: number, first: () => Promise<unknown>, second: () => Promise<T>): Promise<T> {
  const began = first();
  for (let step = 0; step < steps; step++) await Promise.resolve();
  const found = await second();
  await began;
  return found;
}
const steps = Array.from({ length: 24 }, (_, step) => step);

test('after a restart, a call that comes at any moment of the list of another one finds its tool', async () => {
  for (const step of steps) {
    const all = catalog([fakeSource('s', 'a'), fakeSource('t', 'b')]);
    const call = (name: string) => all.call(name, {}, testScope());
    const found = await later(
      step,
      () => call('s__a'),
      () => call('t__b'),
    );
    expect(found, `after ${step} steps`).toMatchObject({ tool: 'b' });
  }
});

test('an agent that asks for the tools at any moment of the list of another one gets all of them', async () => {
  for (const step of steps) {
    const all = catalog([fakeSource('s', 'a'), fakeSource('t', 'b')]);
    const list = () => all.list(signal);
    expect(names(await later(step, list, list)), `after ${step} steps`).toEqual(['s__a', 't__b']);
  }
});

test('a listener that asks for the tools when a source has returned gets its tools', async () => {
  const source = fakeSource('s', 'a');
  source.down = true;
  const all = catalog([source]);
  const heard: Promise<readonly ToolInfo[]>[] = [];
  using _ = all.onChange(() => heard.push(all.list(signal)));
  await all.list(signal);
  source.down = false;
  await all.list(signal);
  expect((await Promise.all(heard)).map(names)).toEqual([['s__a']]);
});

test('a caller that waited for a slow source does not bring back an older failure of another one', async () => {
  const [fast, slow] = [fakeSource('fast', 'a'), fakeSource('slow', 'b')];
  let answer!: (tools: readonly ToolInfo[]) => void;
  slow.list = () => new Promise((resolve) => (answer = resolve));
  fast.down = true;
  const all = catalog([fast, slow]);
  const first = all.list(signal);
  fast.down = false;
  slow.list = () => Promise.resolve(slow.tools);
  await all.list(signal);
  answer(slow.tools);
  expect(names(await first)).toEqual(['fast__a', 'slow__b']);
  expect(all.missing()).toBeUndefined();
});

test('a source that cannot be listed is reported, leaves the others usable, and returns later', async () => {
  const [broken, fine] = [fakeSource('broken', 'a'), fakeSource('fine', 'b')];
  broken.down = true;
  const all = catalog([broken, fine]);
  expect(names(await all.list(signal))).toEqual(['fine__b']);
  expect([all.missing(), all.problems()]).toMatchObject([{ kind: 'environment', message: 'broken is down.' }, []]);
  expect(await rejectionOf(all.call('broken__a', {}, testScope()))).toMatchObject({
    kind: 'environment',
    retryable: true,
  });

  broken.down = false;
  expect(names(await all.list(signal))).toEqual(['broken__a', 'fine__b']);
  expect([all.missing(), all.epoch]).toEqual([undefined, 1]);
});

test('a call of a source that cannot be listed fails, and says that nothing was started', async () => {
  const broken = fakeSource('broken', 'send');
  broken.down = true;
  const failure = await rejectionOf(catalog([broken]).call('broken__send', {}, testScope()));
  expect(failure).toMatchObject({ kind: 'environment', retryable: true, data: { sent: false } });
});

test('an optional source that cannot be listed is reported, and is not a gap', async () => {
  const extra = fakeSource('extra', 'a');
  Object.assign(extra, { down: true, optional: true });
  const all = catalog([extra, fakeSource('fine', 'b')]);
  await all.list(signal);
  expect([all.missing(), all.problems()]).toMatchObject([undefined, [{ message: 'extra is down.' }]]);
});

test('an allowed name that no tool has is reported', async () => {
  const all = catalog([fakeSource('s', 'a', 'b')]);
  await all.list(signal);
  expect(all.problems({ allow: ['s__a', 's/b', 's/*', 's/c', 'files/*'] }).map(({ message }) => message)).toEqual([
    expect.stringContaining('"s/c"'),
    expect.stringContaining('"files/*"'),
  ]);
});

test('a change during a list request is not lost', async () => {
  const source = fakeSource('s', 'old');
  const list = source.list.bind(source);
  source.list = async (stop) => {
    const found = await list(stop);
    if (source.lists === 1) {
      source.tools = [info('new')];
      source.change();
    }
    return found;
  };
  const all = catalog([source]);
  await all.list(signal);
  expect(names(await all.list(signal))).toEqual(['s__new']);
});

test('a list request that its caller aborted is not a failure of the source', async () => {
  const source = fakeSource('s', 'a');
  const all = catalog([source]);
  const stopped = AbortSignal.abort();
  source.down = true;
  await expect(all.list(stopped)).rejects.toThrow();
  source.down = false;
  expect(names(await all.list(signal))).toEqual(['s__a']);
});

test("the descriptions of a server's tools are bounded, and their control characters escaped", async () => {
  const source = fakeSource(
    's',
    'good',
    '',
    'x'.repeat(2_000),
    'good',
    info('sly', { description: 'Reads\u202E\u200B\u{E0041} files.\n\tWell.\u0007' }),
    info('long', { description: 'ä'.repeat(50_000) }),
    info('huge', { input: { type: 'object', description: 'x'.repeat(70_000) } }),
  );
  const all = catalog([source]);
  const tools = await all.list(signal);
  expect(names(tools)).toEqual(['s__good', 's__sly', 's__long']);
  expect(tools[1]!.description).toBe('Reads files.\n\tWell.');
  expect(Buffer.byteLength(tools[2]!.description)).toBeLessThanOrEqual(8 * 1024);
  expect(tools[2]!.description).toMatch(/^ä+…$/);
  expect(all.problems().map((problem) => problem.message)).toEqual([
    expect.stringContaining('"" of "s" is left out: its name is empty'),
    expect.stringContaining('longer than 1,024 characters'),
    expect.stringContaining('another one has that name'),
    expect.stringContaining('larger than 64 KB'),
  ]);
});

test('a source with more than 256 tools is refused, not cut', async () => {
  const all = catalog([fakeSource('many', ...Array.from({ length: 257 }, (_, i) => `t${i}`)), fakeSource('fine', 'a')]);
  expect(names(await all.list(signal))).toEqual(['fine__a']);
  expect(all.missing()).toMatchObject({ kind: 'environment', message: expect.stringContaining('at most 256') });
});

test.each([
  [['a', 'a'], 'Two sources'],
  [['__proto__'], 'is named by'],
  [['a/b'], 'is named by'],
  [[''], 'is named by'],
])('sources named %j are refused', (wrong, words) => {
  expect(() => catalog(wrong.map((name) => fakeSource(name)))).toThrow(words);
});

test('closing a catalog closes its sources', async () => {
  const source = fakeSource('s', 'a');
  await catalog([source])[Symbol.asyncDispose]();
  expect(source.disposed).toBe(true);
});
