import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { recordsIn } from './recordsIn.ts';
import { flow, openRuntime, run, type FlowContext, type Runtime, type StreamedContent } from '../../src/index.ts';

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-artifacts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Saves one value in one checkpoint, and loads it in the next one. */
const throughACheckpoint = (name: string, value: () => unknown) =>
  flow(name, async (ctx) => {
    const ref = await ctx.checkpoint('save', () => ctx.save('value', value()));
    const loaded = await ctx.checkpoint('load', async () => show(await ctx.load(ctx.executionId, 'value')));
    return { ref, loaded };
  });
const isStream = (value: unknown): value is StreamedContent =>
  typeof value === 'object' && value !== null && 'read' in value;
const show = async (value: unknown) => (isStream(value) ? { streamed: await value.text(), size: value.size } : value);

async function* parts(count: number, part: Uint8Array) {
  for (let i = 0; i < count; i++) yield part;
}

const large = 'x'.repeat(100_000);
const cases: readonly [string, () => unknown, unknown?][] = [
  ['a value', () => ({ at: new Date(5), tags: new Set(['a']), n: 1n })],
  ['a text', () => 'hello'],
  ['bytes', () => new Uint8Array([1, 2, 255])],
  ['a stream', () => parts(2, Buffer.from('ab')), { streamed: 'abab', size: 4 }],
  ['a large value', () => ({ at: new Date(5), large })],
  ['a large text', () => large],
  ['large bytes', () => new Uint8Array(100_000).fill(9)],
  [
    'a large stream',
    () => parts(1_000, Buffer.from('a'.repeat(100))),
    { streamed: 'a'.repeat(100_000), size: 100_000 },
  ],
];

test.each(cases)('%s is loaded as it was saved', async (_, value, expected = value()) => {
  const { loaded } = await run(throughACheckpoint('roundtrip', value), null, { db: join(newFolder(), 'troupe.db') });
  expect(loaded).toEqual(expected);
});

test('a file is saved as a stream, and known by the hash of its content', async () => {
  const folder = newFolder();
  const path = join(folder, 'report.csv');
  writeFileSync(path, large);
  const { ref, loaded } = await run(
    throughACheckpoint('file', () => createReadStream(path)),
    null,
    { db: join(folder, 'troupe.db') },
  );
  expect(ref).toMatchObject({ name: 'value', type: 'output', hash: sha256(large), bytes: large.length });
  expect(loaded).toEqual({ streamed: large, size: large.length });
});

test('a file that is not there fails the checkpoint that saves it, and names it', async () => {
  const path = join(newFolder(), 'nothing.csv');
  await expect(
    run(
      throughACheckpoint('file', () => createReadStream(path)),
      null,
      { db: 'memory' },
    ),
  ).rejects.toMatchObject({
    message: expect.stringContaining('nothing.csv') as unknown,
  });
});

const loadIn = (name: string, from: string, wanted: string) =>
  flow(name, (ctx) => ctx.checkpoint('load', async () => ctx.load(from, wanted)));

/** A run with several artifacts. */
const article = flow('article', async (ctx: FlowContext) => {
  await ctx.checkpoint('research', async () => {
    await ctx.save('sources', ['a', 'b'], { type: 'context', tags: ['web'] });
    return 'notes';
  });
  await ctx.checkpoint('write', async () => (await ctx.save('draft', 'first', { mediaType: 'text/markdown' })) && 1);
  await ctx.checkpoint('write', async () => (await ctx.save('draft', 'second')) && 2);
  return null;
});

async function withArticle(): Promise<Runtime> {
  const runtime = await openRuntime({ db: 'memory' });
  onTestFinished(() => runtime.close());
  await (await runtime.start(article, null, { key: 'article-1' })).outcome();
  return runtime;
}
async function outcomeIn(runtime: Runtime, ...[name, from, wanted]: Parameters<typeof loadIn>) {
  return (await runtime.start(loadIn(name, from, wanted), null)).outcome();
}

test('another run loads what was saved by its name, and what a call has given by the name of its checkpoint', async () => {
  const runtime = await withArticle();
  expect(await outcomeIn(runtime, 'reader', 'article-1', 'sources')).toMatchObject({ output: ['a', 'b'] });
  expect(await outcomeIn(runtime, 'reader', 'article-1', 'research')).toMatchObject({ output: 'notes' });
  expect(await outcomeIn(runtime, 'reader', 'article-1', 'write_2')).toMatchObject({ output: 2 });
});

test('a name that several artifacts have is refused with a list of them, and an id of that list is taken', async () => {
  const runtime = await withArticle();
  const refused = await outcomeIn(runtime, 'reader', 'article-1', 'draft');
  expect(refused).toMatchObject({ status: 'failed', failure: { kind: 'invalid' } });
  const { message } = (refused as { failure: { message: string } }).failure;
  expect(message).toContain('2 artifacts of the run "article-1" have the name "draft"');
  expect(message).toContain('write/draft (call write, manual), write_2/draft (call write_2, manual)');
  expect(await outcomeIn(runtime, 'reader', 'article-1', 'write_2/draft')).toMatchObject({ output: 'second' });
  expect(await outcomeIn(runtime, 'reader', 'article-1', 'write')).toMatchObject({ failure: { kind: 'invalid' } });
});

test('a name that nothing has is refused with what there is', async () => {
  const runtime = await withArticle();
  expect(await outcomeIn(runtime, 'reader', 'article-1', 'drafft')).toMatchObject({
    failure: {
      kind: 'invalid',
      message: expect.stringContaining('research/sources (call research, manual)') as unknown,
    },
  });
  expect(await outcomeIn(runtime, 'reader', 'article-2', 'draft')).toMatchObject({
    failure: { kind: 'invalid', message: expect.stringContaining('There is no run "article-2"') as unknown },
  });
});

test('a checkpoint loads what it has saved itself', async () => {
  const itself = flow('itself', (ctx) =>
    ctx.checkpoint('work', async () => {
      await ctx.save('part', { n: 1 });
      return ctx.load(ctx.executionId, 'part');
    }),
  );
  expect(await run(itself, null, { db: 'memory' })).toEqual({ n: 1 });
});

test('artifacts of a child flow are of its run, under the call of the child', async () => {
  const child = flow('child', (ctx) => ctx.checkpoint('work', async () => (await ctx.save('found', 'here')).id));
  const parent = flow('parent', { uses: [child] }, async (ctx) => {
    const id = await ctx.run(child, null);
    return { id, loaded: await ctx.checkpoint('load', () => ctx.load(ctx.executionId, 'found')) };
  });
  expect(await run(parent, null, { db: 'memory' })).toEqual({ id: 'child/work/found', loaded: 'here' });
});

test.each(['save', 'load'] as const)('ctx.%s outside of a checkpoint is refused', async (call) => {
  const wrong = flow('wrong', (ctx) => (call === 'save' ? ctx.save('a', 1) : ctx.load('r', 'a')));
  await expect(run(wrong, null, { db: 'memory' })).rejects.toMatchObject({ kind: 'scope' });
});

test('an artifact of an unknown type, or of a value that cannot be stored, is refused', async () => {
  const wrongType = flow('wrong', (ctx) => ctx.checkpoint('a', () => ctx.save('a', 1, { type: 'picture' as never })));
  await expect(run(wrongType, null, { db: 'memory' })).rejects.toMatchObject({
    kind: 'invalid',
    message: 'An artifact is one of prompt, response, context, input, output, blob; got "picture".',
  });
  await expect(
    run(
      throughACheckpoint('wrong', () => ({ f: () => 1 })),
      null,
      { db: 'memory' },
    ),
  ).rejects.toMatchObject({
    kind: 'code',
    message: expect.stringContaining('The artifact "value" cannot be stored: at "f"') as unknown,
  });
});

test('what is recorded of an artifact says what it is, who saved it and who has loaded it', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  await (await runtime.start(article, null, { key: 'a' })).outcome();
  expect(await recordsIn(runtime, 'a', 'artifact')).toMatchObject([
    { id: 'research/sources', call: 'research', type: 'context', tags: ['web'] },
    { id: 'write/draft', call: 'write', type: 'output', mediaType: 'text/markdown', hash: sha256('first'), bytes: 5 },
    { id: 'write_2/draft', call: 'write_2' },
  ]);
  await (await runtime.start(loadIn('reader', 'a', 'sources'), null, { key: 'r' })).outcome();
  expect(await recordsIn(runtime, 'r', 'call')).toMatchObject([{ id: 'load', loaded: ['a/research/sources'] }]);
});

test.each<[string, unknown, string]>([
  ['tags that are no list', { tags: 'draft' }, 'The tags of the artifact "notes" must be a list of texts'],
  ['a tag that is no text', { tags: ['draft', 5] }, 'The tags of the artifact "notes" must be a list of texts'],
  ['a media type that is no text', { mediaType: 5 }, 'The media type of the artifact "notes" must be a text'],
  ['no options', null, 'ctx.save takes its options as an object'],
])('ctx.save with %s is refused, and nothing is saved', async (_, options, message) => {
  const saves = flow('saves', (ctx) => ctx.checkpoint('write', () => ctx.save('notes', 1, options as never)));
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(saves, null, { key: 's' });
  await expect(handle.result()).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining(message) as unknown,
  });
  expect(await recordsIn(runtime, 's', 'artifact')).toEqual([]);
});

test.each([
  [undefined, 'notes', 'the id of a run'],
  ['', 'notes', 'the id of a run'],
  ['r', undefined, 'the name of what is loaded'],
  ['r', ' ', 'the name of what is loaded'],
])('ctx.load(%j, %j) is refused by what is missing', async (from, name, message) => {
  const loads = flow('loads', (ctx) => ctx.checkpoint('read', () => ctx.load(from as string, name as string)));
  await expect(run(loads, null, { db: 'memory' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining(message) as unknown,
  });
});
