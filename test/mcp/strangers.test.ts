/** Lists of tools as other people's servers send them: what can be used is offered, and what cannot is named. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Json } from 'troupe';
import { catalog } from '../../src/tools/catalog.ts';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { doubleServer } from './doubleServer.ts';
import { open } from './open.ts';

const good = {
  name: 'good',
  description: 'Works.',
  inputSchema: { type: 'object', properties: { a: { type: 'string' } } },
};
const listed = async (list: Json | ((cursor: unknown) => Json)) => {
  await using server = await doubleServer({
    list,
    call: ({ name }) => ({ result: { content: [{ type: 'text', text: JSON.stringify(name) }] } }),
  });
  await using source = open({ name: 'double', url: server.url });
  const tools = await source.list(testScope().signal);
  return {
    tools,
    names: tools.map(({ name }) => name),
    problems: (source.problems?.() ?? []).map(({ message }) => message),
  };
};
const object = { type: 'object' };

test('a list with _meta: null is taken', async () => {
  expect(await listed({ tools: [good], _meta: null })).toMatchObject({ names: ['good'], problems: [] });
});

describe('an odd entry does not take the others with it', () => {
  test.each<[string, Json]>([
    ['description: null', { name: 'odd', description: null, inputSchema: object }],
    ['no description', { name: 'odd', inputSchema: object }],
    ['a description that is no text', { name: 'odd', description: { en: 'x' }, inputSchema: object }],
    ['a schema without a type', { name: 'odd', inputSchema: { properties: { a: {} } } }],
    ['a schema of several types', { name: 'odd', inputSchema: { type: ['object', 'null'] } }],
    ['no schema', { name: 'odd' }],
    ['inputSchema: null', { name: 'odd', inputSchema: null }],
    ['inputSchema: true', { name: 'odd', inputSchema: true }],
    ['inputSchema: {}', { name: 'odd', inputSchema: {} }],
    ['annotations: null', { name: 'odd', inputSchema: object, annotations: null }],
    ['annotations as a list', { name: 'odd', inputSchema: object, annotations: ['readOnly'] }],
    ['hints that are texts', { name: 'odd', inputSchema: object, annotations: { readOnlyHint: 'yes', title: 7 } }],
    ['title: null', { name: 'odd', title: null, inputSchema: object }],
    ['icons as a text', { name: 'odd', icons: 'none', inputSchema: object }],
    ['_meta: null', { name: 'odd', _meta: null, inputSchema: object }],
    ['execution: null', { name: 'odd', execution: null, inputSchema: object }],
    ['outputSchema: null', { name: 'odd', outputSchema: null, inputSchema: object }],
    ['required: null', { name: 'odd', inputSchema: { type: 'object', required: null } }],
  ])('%s is mended', async (_, odd) => {
    const { names, problems } = await listed({ tools: [odd, good] });
    expect(names).toEqual(['odd', 'good']);
    expect(problems).toEqual([]);
  });

  test.each<[string, Json, RegExp]>([
    ['no name', { description: 'x', inputSchema: object }, /entry 1 of the list has no name/],
    ['a name that is no text', { name: 7, inputSchema: object }, /entry 1 of the list has no name/],
    ['an empty name', { name: '', inputSchema: object }, /entry 1 of the list has no name/],
    ['null', null, /entry 1 of the list has no name/],
    ['a text', 'tool', /entry 1 of the list has no name/],
    ['a schema of a text', { name: 'odd', inputSchema: { type: 'string' } }, /"odd" is left out: its input schema/],
    ['a schema that is a list', { name: 'odd', inputSchema: [] }, /"odd" is left out: its input schema/],
    ['a schema that is a text', { name: 'odd', inputSchema: 'object' }, /"odd" is left out: its input schema/],
    ['the same name twice', { ...good }, /"good" .*another one has that name/],
  ])('%s is left out, by name', async (_, odd, says) => {
    const { names, problems } = await listed({ tools: [odd, good] });
    expect(names).toEqual(['good']);
    expect(problems).toEqual([expect.stringMatching(says)]);
  });

  test('an output schema that is none is not used, and this is said', async () => {
    const { names, problems } = await listed({
      tools: [{ name: 'odd', inputSchema: object, outputSchema: 'text' }, good],
    });
    expect(names).toEqual(['odd', 'good']);
    expect(problems).toEqual([expect.stringMatching(/"odd": its output schema/)]);
  });
});

test.each<[string, Json]>([
  ['nextCursor: null', { tools: [good], nextCursor: null }],
  ['nextCursor: ""', { tools: [good], nextCursor: '' }],
  ['nextCursor: 0', { tools: [good], nextCursor: 0 }],
  ['members that no revision has', { tools: [good], total: 1, cursor: null }],
])('a page with %s is the last one', async (_, page) => {
  expect((await listed(page)).names).toEqual(['good']);
});

test('pages are read to their end, and an odd page does not end the list', async () => {
  const pages: Record<string, Json> = {
    first: { tools: [{ name: 'a', inputSchema: object }, 7], nextCursor: 'second' },
    second: { tools: [{ name: 'b', description: null, inputSchema: object }] },
  };
  const { names, problems } = await listed((cursor) => pages[typeof cursor === 'string' ? cursor : 'first'] ?? null);
  expect(names).toEqual(['a', 'b']);
  expect(problems).toHaveLength(1);
});

test('a page that names itself as the next one is the last: its server knows no pages', async () => {
  expect((await listed({ tools: [good], nextCursor: 'again' })).names).toEqual(['good']);
});

test('a format of a number, as servers in other languages have it, is not printed about, and a price is a multiple of a cent', async () => {
  const warn = vi.spyOn(console, 'warn');
  onTestFinished(() => warn.mockRestore());
  const price = { type: 'number', multipleOf: 0.01 };
  const count = { type: 'object', properties: { count: { type: 'integer', format: 'uint32' }, price } };
  await using server = await doubleServer({ list: { tools: [{ name: 'count', inputSchema: count }] } });
  await using source = open({ name: 'double', url: server.url });
  await source.list(testScope().signal);
  await source.call('count', { count: 1, price: 19.99 }, testScope());
  expect(warn).not.toHaveBeenCalled();
});

test.each<[string, Json]>([
  ['no list', {}],
  ['a list that is an object', { tools: { good } }],
  ['null', null],
])('an answer with %s is told in one sentence, with what to do', async (_, answer) => {
  const failure = await rejectionOf(listed(answer));
  expect(failure).toMatchObject({ kind: 'environment', retryable: false });
  expect(failure.message).toMatch(
    /^Tool server "double" failed while listing: its answer does not have the form[^\n]*Update the server/,
  );
});

describe('every name of a server is mapped to one that all providers take, and called by its own', () => {
  const names = [
    'a'.repeat(65),
    'b'.repeat(128),
    `${'c'.repeat(100)}1`,
    `${'c'.repeat(100)}2`,
    'files/read',
    'files:read',
    'files read',
    'files.read',
    'lire_été',
    '读取',
    '🔧',
    '$filter',
    'a'.repeat(300),
    'constructor',
    '__proto__',
  ];

  test('each is offered once, under a name of its own, and reaches its tool', async () => {
    await using server = await doubleServer({
      list: { tools: names.map((name) => ({ name, inputSchema: object })) },
      call: ({ name }) => ({ result: { content: [{ type: 'text', text: typeof name === 'string' ? name : '' }] } }),
    });
    await using tools = catalog([open({ name: 'double', url: server.url })]);
    const offered = await tools.list(testScope().signal);
    expect(offered).toHaveLength(names.length);
    const shown = offered.map(({ name }) => name);
    expect(new Set(shown).size).toBe(names.length);
    for (const name of shown) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    const reached = [];
    for (const name of shown) reached.push(await tools.call(name, {}, testScope()));
    expect(reached).toEqual(names);
    // The names do not change when the server adds a tool, or lists them in another order.
    await using again = await doubleServer({
      list: {
        tools: [...names]
          .reverse()
          .concat('new')
          .map((name) => ({ name, inputSchema: object })),
      },
    });
    await using later = catalog([open({ name: 'double', url: again.url })]);
    expect((await later.list(testScope().signal)).map(({ name }) => name)).toEqual(expect.arrayContaining(shown));
  });
});
