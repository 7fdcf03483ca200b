/** Images, audio and files: to models that take them, in words to those that do not, the same bytes after a restart, and errors by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, run, tool, type Model } from 'troupe';
import type { ModelRequest } from '../../../src/contracts/model.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { fakeSource } from '../../tools/fakeSource.ts';
import { double } from '../doubles/double.ts';
import { wires } from './wires.ts';

const png = (size: number): Buffer =>
  Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(size, 7)]);
const picture = png(300_000);
const base64 = picture.toString('base64');
const folder = mkdtempSync(join(tmpdir(), 'troupe-media-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const options = { db: 'memory', gateway: { retry: { times: 1 } } } as const;

const seeing = ['openai, chat', 'openai, responses', 'anthropic', 'google, gemini 2.5', 'google, gemini 3'];
const screen = () => {
  const source = fakeSource('screen', 'shot');
  source.call = () =>
    Promise.resolve({
      content: [
        { type: 'text', text: 'The screen:' },
        { type: 'image', data: base64, mimeType: 'image/png' },
        { type: 'resource', resource: { uri: 'file:///logs/app.bin', mimeType: 'application/x-thing', blob: 'AAEC' } },
      ],
    });
  return source;
};

describe.each(Object.entries(wires))('%s', (name, { wire, open }) => {
  test('an image in the result of a tool is shown as an image where the model takes it, else in words', async () => {
    const server = double(wire, [{ calls: [{ name: 'screen__shot', arguments: '{}' }] }, { text: 'Seen.' }]);
    const model = await open({ fetch: server.fetch });
    await expect(run(agent({ name: 'a', model, tools: [screen()] }), 'go', options)).resolves.toBe('Seen.');
    expect(server.refusals).toEqual([]);
    const sent = JSON.stringify(server.requests[1]);
    expect(sent.split(base64.slice(0, 1_000)).length - 1).toBe(seeing.includes(name) ? 1 : 0);
    expect(sent).toContain('The screen:');
    expect(sent).toMatch(/app.bin.*application\/x-thing, 3 bytes: kept as artifact [0-9a-f]{64}/);
    if (!seeing.includes(name)) expect(sent.length - JSON.stringify(server.requests[0]).length).toBeLessThan(1_000);
  });

  test('what an agent is given goes to the model, and after a restart the same bytes', async () => {
    const asking = tool({
      name: 'asking',
      description: 'Asks a person first.',
      approval: true,
      input: z.object({}),
      output: z.string(),
      run: () => 'granted',
    });
    const before = double(wire, [{ calls: [{ name: 'asking', arguments: '{}' }] }]);
    const after = double(wire, [{ text: 'Done.' }]);
    const journal = memory();
    const path = fileOf('picture.png', picture);
    const first = await openRuntime({ journal });
    const subject = (model: Model) => agent({ name: 'a', model, tools: [asking] });
    const handle = await first.start(
      subject(await open({ fetch: before.fetch })),
      {
        parts: [
          { type: 'text', text: 'What is on it?' },
          { type: 'image', path },
          { type: 'file', path: fileOf('notes.md', '# Notes 👍') },
        ],
      },
      { key: 'k' },
    );
    const waiting = await handle.outcome({ returnWhenWaiting: true });
    await first.close();
    rmSync(path);
    await using second = await openRuntime({ journal });
    const resumed = await second.resume('k', subject(await open({ fetch: after.fetch })));
    const [ticket] = waiting.status === 'waiting' ? waiting.tickets : [];
    await second.answer(ticket!.id, { approved: true });
    expect(await resumed.outcome()).toMatchObject({ status: 'done', output: 'Done.' });
    expect([before.refusals, after.refusals]).toEqual([[], []]);
    for (const body of [before.requests[0], after.requests[0]]) {
      const sent = JSON.stringify(body);
      expect(sent).toContain('What is on it?');
      expect(sent).toContain('# Notes 👍');
      expect(sent.includes(base64)).toBe(seeing.includes(name));
    }
  });
});

test('a model that is not known takes images when the user says so', async () => {
  const server = double(wires['openai-compatible']!.wire, [
    { calls: [{ name: 'screen__shot', arguments: '{}' }] },
    { text: 'Seen.' },
  ]);
  await using served = await server.serve();
  const seen = await run(agent({ name: 'a', model: 'openai-compatible:local', tools: [screen()] }), 'go', {
    db: 'memory',
    env: {},
    gateway: {
      accepts: { 'openai-compatible:local': ['image'] },
      baseUrls: { 'openai-compatible': `${served.url}/v1` },
    },
  });
  expect([seen, server.refusals]).toEqual(['Seen.', []]);
  expect(JSON.stringify(server.requests[1])).toContain(base64);
});

test('a model of your own reads the bytes by the id of the artifact', async () => {
  const requests: ModelRequest[] = [];
  const own: Model = {
    id: 'mine:model',
    async *stream(request) {
      requests.push(request);
      yield { type: 'text', text: 'Seen.' };
      const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
      yield { type: 'finish', reason: 'stop', usage, model: 'mine:model' };
    },
  };
  await run(agent({ name: 'a', model: own }), { parts: [{ type: 'image', data: new Uint8Array(picture) }] }, options);
  const [message] = requests[0]!.messages;
  expect(message).toMatchObject({
    role: 'user',
    parts: [{ type: 'image', mediaType: 'image/png', bytes: picture.length }],
  });
  const part = message?.role === 'user' ? message.parts?.[0] : undefined;
  expect(requests[0]!.artifact?.(part!.artifact)).toBe(base64);
});

test('an image that a model made is kept as an artifact, and named in the answer', async () => {
  const { wire, open } = wires['google, gemini 2.5']!;
  const server = double(wire, [{ text: 'Here it is.', image: png(100).toString('base64') }]);
  const journal = memory();
  await using runtime = await openRuntime({ journal });
  const handle = await runtime.start(agent({ name: 'a', model: await open({ fetch: server.fetch }) }), 'draw');
  const outcome = await handle.outcome();
  expect(outcome).toMatchObject({ status: 'done' });
  const said = outcome.status === 'done' && typeof outcome.output === 'string' ? outcome.output : '';
  expect(said).toMatch(/^Here it is\.\n\[image, image\/png, 108 bytes: artifact [0-9a-f]{64}\]$/);
  const [artifact] = await journal.list(handle.root, 'artifacts');
  expect(artifact).toMatchObject({ data: png(100).toString('base64'), artifact: said.slice(-65, -1) });
});

test.each([
  ['a file that is not there', [{ type: 'image', path: join(folder, 'gone.png') }], /gone\.png" cannot be read/],
  [
    'a type that is not known',
    [{ type: 'file', path: fileOf('thing.xyz', 'what?') }],
    /media type of "thing\.xyz" is not known/,
  ],
  [
    'another type than it says',
    [{ type: 'audio', path: fileOf('p.png', png(10)) }],
    /"p\.png" is given as audio, and is image\/png/,
  ],
  [
    'a file that is too large',
    [{ type: 'image', path: fileOf('big.png', png(21 * 1024 * 1024)) }],
    /big\.png" has 21\.0 MB; at most 20\.0 MB/,
  ],
  ['an empty file', [{ type: 'file', path: fileOf('empty.txt', '') }], /"empty\.txt" is empty/],
  ['bytes that are no base64', [{ type: 'image', data: 'not base64!' }], /The parts of an input are/],
  ['a kind that there is not', [{ type: 'video', path: 'x' }], /The parts of an input are/],
  ['no part', [], /The parts of an input are/],
])('%s is refused by name, and no run begins', async (_, parts, message) => {
  await using runtime = await openRuntime({ db: 'memory' });
  const subject = agent({ name: 'a', model: 'openai:gpt-4o' });
  // Some of them are wrong on purpose.
  await expect(runtime.start(subject, { parts } as never, { key: 'k' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(message) as string,
  });
  expect(await runtime.journal.find({})).toEqual([]);
});

test('an image that is too large in the result of a tool is a failure of the tool, by name', async () => {
  const { wire, open } = wires['anthropic']!;
  const server = double(wire, [{ calls: [{ name: 'shot', arguments: '{}' }] }, { text: 'Seen.' }]);
  const shot = tool({
    name: 'shot',
    description: 'Takes a picture.',
    input: z.object({}),
    output: z.object({ content: z.array(z.looseObject({ type: z.string() })) }),
    run: () => ({
      content: [{ type: 'image', mimeType: 'image/png', data: png(21 * 1024 * 1024).toString('base64') }],
    }),
  });
  await run(agent({ name: 'a', model: await open({ fetch: server.fetch }), tools: [shot] }), 'go', options);
  expect(JSON.stringify(server.requests[1])).toContain(
    'returned an image, audio or a file of 21.0 MB; at most 20 MB are kept',
  );
});

test('parts of a result that have no known form, and data beside them, are read as text', async () => {
  const { wire, open } = wires['anthropic']!;
  const server = double(wire, [{ calls: [{ name: 'screen__shot', arguments: '{}' }] }, { text: 'Seen.' }]);
  const source = screen();
  source.call = () =>
    Promise.resolve({
      content: [
        { type: 'image', data: base64, mimeType: 'image/png' },
        { type: 'hologram', size: 3 },
        { type: 'resource_link', uri: 'file:///a.txt', name: 'a' },
      ],
      structuredContent: { total: 7 },
    });
  await run(agent({ name: 'a', model: await open({ fetch: server.fetch }), tools: [source] }), 'go', options);
  const sent = JSON.stringify(server.requests[1]);
  expect(server.refusals).toEqual([]);
  for (const part of ['\\"total\\":7', 'hologram', 'a: file:///a.txt', base64]) expect(sent.includes(part)).toBe(true);
});
