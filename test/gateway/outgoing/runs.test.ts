/** Whole runs over every provider's wire format: odd calls, odd schemas, and what providers want back. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, asTool, openRuntime, protocol, run, tool, type Model } from 'troupe';
import type { JsonObject } from '../../../src/values/json.ts';
import { dose } from '../../dose.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { fakeSource, info } from '../../tools/fakeSource.ts';
import { double, type DoubleTurn } from '../doubles/double.ts';
import { wires } from './wires.ts';

const look = tool({
  name: 'look',
  description: 'Looks.',
  input: z.object({ at: z.string() }),
  output: z.string(),
  run: ({ at }) => `seen ${at}`,
});
const options = { db: 'memory', gateway: { retry: { times: 1 } } } as const;

describe.each(Object.entries(wires))('%s', (name, { wire, open }) => {
  const isGemini = name.startsWith('google');
  async function modelFor(...turns: (DoubleTurn | ((body: JsonObject) => DoubleTurn))[]) {
    const server = double(wire, turns);
    return { server, model: await open({ fetch: server.fetch }) };
  }

  test('names that a model invents and arguments that are no object do not end a run', async () => {
    const odd = ['null', '[1]', '"text"', '7', '{"at": she'].map((written) => (isGemini ? '{}' : written));
    const calls = ['functions.look', 'get x', 'x'.repeat(80), '查', 'look'].map((called, index) => ({
      name: called,
      arguments: odd[index] ?? '{}',
      id: `functions.${called.slice(0, 60)}:${index}`,
    }));
    const { server, model } = await modelFor(
      { text: '  \n', calls },
      { calls: [{ name: 'look', arguments: '{"at":"the shelf"}', id: 'functions.look:4' }] },
      { text: 'Done.' },
    );
    await expect(run(agent({ name: 'a', model, tools: [look] }), 'go', options)).resolves.toBe('Done.');
    expect(server.refusals).toEqual([]);
    expect(server.requests).toHaveLength(3);
  });

  test('after a fallback, calls of another provider with repeated ids are taken', async () => {
    let turn = 0;
    const first: Model = {
      id: 'other:model',
      async *stream() {
        if (turn++ > 2) throw Object.assign(new Error('gone'), { statusCode: 401 });
        yield { type: 'text', text: turn === 2 ? ' ' : 'I look. ' };
        yield { type: 'call', call: { id: 'functions.look:0', name: 'look', input: { at: `place ${turn}` } } };
        yield {
          type: 'finish',
          reason: 'calls',
          usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 },
          model: 'other:model',
          provider: { model: 'other:model', parts: [{ type: 'reasoning', text: 'A secret thought.' }] },
        };
      },
    };
    const { server, model } = await modelFor({ text: 'Done.' });
    await expect(run(agent({ name: 'a', model: [first, model], tools: [look] }), 'go', options)).resolves.toBe('Done.');
    expect(server.refusals).toEqual([]);
    const sent = JSON.stringify(server.requests[0]);
    expect(sent).toContain('seen place 3');
    expect(sent).not.toContain('A secret thought.');
  });

  test('tools and replies whose names a provider would refuse are called by their own names', async () => {
    const named = (own: string) => ({ ...look, name: own });
    const reply = 'r'.repeat(64);
    const Talk = protocol({
      ask: { body: z.object({}), replies: [reply] },
      [reply]: { body: z.object({ n: z.number() }) },
    });
    const offered = (body: JsonObject, part: string): string =>
      [...JSON.stringify(body['tools']).matchAll(/"name":"([^"]+)"/g)]
        .map(([, found]) => found ?? '')
        .find((found) => found.includes(part)) ?? '';
    const { server, model } = await modelFor(
      (body) => ({
        calls: ['2fa', 'toString'].map((part) => ({ name: offered(body, part.slice(1)), arguments: '{"at":"it"}' })),
      }),
      (body) => ({ calls: [{ name: offered(body, 'answer_'), arguments: '{"n":1}' }] }),
    );
    const subject = agent({
      name: 'a',
      model,
      protocol: Talk as never,
      handles: ['ask'] as never,
      tools: [named('2fa'), named('toString')],
    });
    const output: unknown = await run(subject, { type: 'ask', body: {} } as never, options);
    expect(server.refusals).toEqual([]);
    expect(JSON.stringify(server.requests[1])).toContain('seen it');
    expect(output).toEqual({ type: reply, body: { n: 1 } });
  });

  test('a text that our own limits cut is cut between characters', async () => {
    const failing = tool({
      name: 'failing',
      description: 'Fails.',
      input: z.object({}),
      output: z.string(),
      run: () => Promise.reject(new Error('👍'.repeat(3_000).padStart(6_001, '!'))),
    });
    const { server, model } = await modelFor({ calls: [{ name: 'failing', arguments: '{}' }] }, { text: 'Done.' });
    await expect(run(agent({ name: 'a', model, tools: [failing] }), 'go', options)).resolves.toBe('Done.');
    expect(server.refusals).toEqual([]);
    expect(JSON.stringify(server.requests).includes('\uFFFD')).toBe(false);
  });

  test('a tool is offered whatever its schema is, and is called with its own names of properties', async () => {
    const inputs: JsonObject[] = [
      {},
      { type: 'object' },
      { type: 'object', properties: null as never },
      { type: 'object', properties: { list: { type: 'array' } } },
      { type: 'object', properties: { list: { type: 'array', items: { type: 'array' } } } },
      {
        anyOf: [
          { type: 'object', properties: { a: { type: 'string' } } },
          { type: 'object', properties: { b: {} } },
        ],
      },
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }], properties: { a: {}, b: {} } },
      { allOf: [{ properties: { a: { type: 'number' } } }, { required: ['a'] }], type: 'object' },
      { type: 'object', enum: [{}], not: {} },
      {
        type: 'object',
        properties: { $filter: { type: 'string' }, 'a b': { type: 'object', properties: { '@x': {} } } },
      },
      { type: 'object', properties: { t: { prefixItems: [{ type: 'string' }, { type: 'number' }] } } },
      {
        type: 'object',
        properties: { n: { $ref: '#/$defs/N' } },
        $defs: { N: { properties: { next: { $ref: '#/$defs/N' } } } },
      },
      { type: 'object', properties: { up: { $ref: '#' }, lost: { $ref: '#/nowhere' } }, required: ['up', 'gone'] },
      {
        type: 'object',
        properties: { e: { enum: [1, 'a', null] }, c: { const: { a: 1 } }, m: { format: 'email', type: 'string' } },
      },
      { type: ['object', 'null'], properties: { x: { type: ['string', 'array', 'null'] } } },
      { type: 'array', items: { type: 'string' } },
      { $ref: '#/definitions/In', definitions: { In: { type: 'object', properties: { q: { type: 'string' } } } } },
      {
        type: 'object',
        properties: { any: true, none: false },
        additionalProperties: { type: 'string' },
      } as JsonObject,
    ];
    const got: unknown[] = [];
    const source = fakeSource('s', ...inputs.map((input, n) => info(`t${n}`, { input })));
    source.call = (called, input) => (got.push([called, input]), Promise.resolve('ok'));
    const written = '{"filter":"f","a_b":{"x":1}}';
    const { server, model } = await modelFor({ calls: [{ name: 's__t9', arguments: written }] }, { text: 'Done.' });
    await expect(run(agent({ name: 'a', model, tools: [source] }), 'go', options)).resolves.toBe('Done.');
    expect(server.refusals).toEqual([]);
    expect(got).toEqual([['t9', { $filter: 'f', 'a b': { '@x': 1 } }]]);
    // All were offered together; each alone as well in the full run.
    for (const [n, input] of dose([], [...inputs.entries()])) {
      const alone = fakeSource('s', info(`t${n}`, { input }));
      const one = await modelFor({ calls: [{ name: `s__t${n}`, arguments: '{}' }] }, { text: 'Done.' });
      await expect(run(agent({ name: 'a', model: one.model, tools: [alone] }), 'go', options)).resolves.toBe('Done.');
    }
  });

  test('lists of trees, named schemas and unions are taken as replies, as messages of a delegate and as inputs', async () => {
    const Tree = z
      .object({
        name: z.string(),
        get children() {
          return z.array(Tree);
        },
      })
      .meta({ id: `Tree` });
    const Point = z.object({ x: z.number() }).meta({ id: 'Point' });
    const kinds: readonly [z.ZodType, string, unknown][] = [
      [z.array(Tree), '{"value":[{"name":"a","children":[]}]}', [{ name: 'a', children: [] }]],
      [
        Tree,
        '{"name":"a","children":[{"name":"b","children":[]}]}',
        { name: 'a', children: [{ name: 'b', children: [] }] },
      ],
      [z.object({ a: Point, b: Point }), '{"a":{"x":1},"b":{"x":2}}', { a: { x: 1 }, b: { x: 2 } }],
      [z.union([Point, z.object({ q: z.string() })]), '{"value":{"q":"z"}}', { q: 'z' }],
      [z.union([Point, z.object({ q: z.string() })]), '{"q":"z"}', { q: 'z' }],
      [
        z.discriminatedUnion('k', [z.object({ k: z.literal('a'), t: Tree }), z.object({ k: z.literal('b') })]),
        '{"value":{"k":"b"}}',
        { k: 'b' },
      ],
      [z.tuple([z.string(), z.number()]), '{"value":["a",1]}', ['a', 1]],
    ];
    for (const [schema, written, value] of kinds) {
      const Talk = protocol({ ask: { body: schema, replies: ['said'] }, said: { body: schema } });
      const inner = await modelFor({ calls: [{ name: 'answer_said', arguments: written }] });
      const helper = agent({ name: 'helper', model: inner.model, protocol: Talk, handles: ['ask'] });
      const outer = await modelFor(
        { calls: [{ name: 'helper', arguments: written }] },
        { calls: [{ name: 'answer_said', arguments: written }] },
      );
      const subject = agent({
        name: 'a',
        model: outer.model,
        protocol: Talk,
        handles: ['ask'],
        tools: [asTool(helper, { description: 'Helps.' })],
      });
      const output = await run(subject, { type: 'ask', body: value }, options);
      expect([inner.server.refusals, outer.server.refusals]).toEqual([[], []]);
      expect(output).toEqual({ type: 'said', body: value });
      expect(inner.server.requests).toHaveLength(1);
    }
    const got: unknown[] = [];
    const choose = tool({
      name: 'choose',
      description: 'Chooses.',
      input: z.union([z.object({ tree: Tree }), z.object({ $point: Point })]),
      output: z.null(),
      run: (input) => (got.push(input), null),
    });
    const { server, model } = await modelFor(
      { calls: [{ name: 'choose', arguments: '{"point":{"x":1}}' }] },
      { text: 'Done.' },
    );
    await expect(run(agent({ name: 'a', model, tools: [choose] }), 'go', options)).resolves.toBe('Done.');
    expect(server.refusals).toEqual([]);
    expect(got).toEqual([{ $point: { x: 1 } }]);
  });
});

describe('what a provider wants back is given back to it alone, after a restart too', () => {
  const asking = tool({
    name: 'asking',
    description: 'Asks a person first.',
    effect: 'write',
    approval: true,
    input: z.object({}),
    output: z.string(),
    run: () => 'granted',
  });
  const call = { name: 'asking', arguments: '{}' };
  const turns: Record<string, { turn: DoubleTurn; back: readonly string[] }> = {
    anthropic: {
      turn: { reasoning: 'I think. ', signature: 'sig/1+=', redacted: 'sealed+/=', text: 'So.', calls: [call] },
      back: [
        '{"type":"thinking","thinking":"I think. ","signature":"sig/1+="}',
        '{"type":"redacted_thinking","data":"sealed+/="}',
      ],
    },
    'google, gemini 2.5': {
      turn: { reasoning: 'I think.', text: 'So.', calls: [{ ...call, signature: 'sig/2+=' }] },
      back: ['"thoughtSignature":"sig/2+="', '{"text":"I think.","thought":true}'],
    },
    'google, gemini 3': {
      turn: { calls: [{ ...call, signature: 'sig/3+=' }] },
      back: ['"thoughtSignature":"sig/3+="'],
    },
    'openai-compatible': {
      turn: { reasoning: 'I think.', calls: [{ ...call, signature: 'sig/4+=' }] },
      back: ['"reasoning_content":"I think."', '"extra_content":{"google":{"thought_signature":"sig/4+="}}'],
    },
    ollama: { turn: { reasoning: 'I think.', calls: [call] }, back: ['"reasoning_content":"I think."'] },
    openrouter: {
      turn: {
        reasoning: 'I think twice.',
        details: [
          [{ type: 'reasoning.text', text: 'I think', format: 'anthropic-claude-v1', index: 0 }],
          [{ type: 'reasoning.text', text: ' twice.', index: 0 }],
          [{ type: 'reasoning.text', text: '', signature: 'sig/5+=', index: 0 }],
          [
            { type: 'reasoning.encrypted', data: 'sealed+/=', id: 'asking_0', format: 'google-gemini-v1', index: 1 },
            { type: 'reasoning.summary', summary: 'Thoughts.', index: 2 },
          ],
        ],
        calls: [call],
      },
      back: [
        '"reasoning_details":[{"type":"reasoning.text","text":"I think twice.","format":"anthropic-claude-v1","index":0,"signature":"sig/5+="},' +
          '{"type":"reasoning.encrypted","data":"sealed+/=","id":"asking_0","format":"google-gemini-v1","index":1},' +
          '{"type":"reasoning.summary","summary":"Thoughts.","index":2}]',
      ],
    },
    'openai, responses': {
      turn: { reasoning: 'I think.', redacted: 'sealed+/=', calls: [call] },
      back: ['"encrypted_content":"sealed+/="', '{"type":"summary_text","text":"I think."}'],
    },
  };

  test.each(Object.entries(turns))('%s', async (name, { turn, back }) => {
    const { wire, open } = wires[name]!;
    const before = double(wire, [turn]);
    const after = double(wire, [{ text: 'Done.' }]);
    const subject = (model: Model) => agent({ name: 'a', model, tools: [asking] });
    const journal = memory();
    const first = await openRuntime({ journal });
    const handle = await first.start(subject(await open({ fetch: before.fetch })), 'go', { key: 'k' });
    const waiting = await handle.outcome({ returnWhenWaiting: true });
    await first.close();
    await using second = await openRuntime({ journal });
    const resumed = await second.resume('k', subject(await open({ fetch: after.fetch })));
    const [ticket] = waiting.status === 'waiting' ? waiting.tickets : [];
    await second.answer(ticket!.id, { approved: true });
    expect(await resumed.outcome()).toMatchObject({ status: 'done', output: 'Done.' });
    expect([before.refusals, after.refusals]).toEqual([[], []]);
    const sent = JSON.stringify(after.requests.at(-1));
    for (const part of back) expect(sent).toContain(part);
    // What is in the details is not said twice.
    if (turn.details) expect(sent).not.toContain('reasoning_content');
  });

  test.each(Object.entries(turns))('%s, and another provider after it', async (name, { turn }) => {
    const { wire, open } = wires[name]!;
    const before = double(wire, [turn]);
    const other = double(wires['openai, chat']!.wire, [{ text: 'Done.' }]);
    const first = await open({ fetch: before.fetch });
    const next = await wires['openai, chat']!.open({ fetch: other.fetch });
    let asked = 0;
    const both: Model = {
      id: 'switch:model',
      stream: (request, scope) => (asked++ === 0 ? first : next).stream(request, scope),
    };
    const free = { ...asking, approval: false, effect: 'read' as const };
    await expect(run(agent({ name: 'a', model: both, tools: [free] }), 'go', options)).resolves.toBe('Done.');
    expect([before.refusals, other.refusals]).toEqual([[], []]);
    expect(JSON.stringify(other.requests)).not.toMatch(/I think|sig\/|sealed/);
  });
});
