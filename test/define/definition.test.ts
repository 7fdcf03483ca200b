/** Invalid definitions, in JavaScript or by a cast, are refused with the path, what was expected and what came. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, all, machine, openRuntime, protocol, run, team, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { setup } from 'xstate';

const model = scriptedModel(() => ({ text: 'ok' }));
const add = tool({ name: 'add', description: 'Adds.', input: z.object({}), output: z.null(), run: () => null });
const Talk = protocol({ ask: { body: z.string(), replies: ['tell'] }, tell: { body: z.string() } });
const clerk = agent({ name: 'clerk', model, protocol: Talk, handles: ['ask'] });
const refusal = (words: RegExp) =>
  expect.objectContaining({ name: 'TroupeError', kind: 'definition', message: expect.stringMatching(words) as string });

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /expected object, came nothing/],
  ['no name', { model }, /at "name": expected string, came nothing/],
  ['a name that is not text', { name: 5, model }, /at "name"/],
  ['no model', { name: 'x' }, /The agent "x" cannot be used: at "model": expected a model/],
  ['a number as its model', { name: 'x', model: 5 }, /at "model": expected a model.* came number 5/],
  ['a model that cannot stream', { name: 'x', model: { id: 'x' } }, /at "model"/],
  ['no models in its list', { name: 'x', model: [] }, /at "model".*came an array of 0/],
  ['a misspelt option', { name: 'x', model, tool: [add] }, /Unrecognized key: "tool"/],
  ['a misspelt budget', { name: 'x', model, budget: { dollars: 1 } }, /at "budget": Unrecognized key: "dollars"/],
  ['a budget of the wrong type', { name: 'x', model, budget: 5 }, /at "budget": expected object, came number 5/],
  ['a limit that is not a number', { name: 'x', model, limits: { maxRepeats: NaN } }, /at "limits.maxRepeats"/],
  ['a negative limit', { name: 'x', model, limits: { deadline: -1 } }, /at "limits.deadline".*came number -1/],
  ['an unknown limit', { name: 'x', model, limits: { patience: 1 } }, /at "limits": Unrecognized key/],
  ['tools that are not a list', { name: 'x', model, tools: null }, /at "tools": expected array, came null/],
  [
    'a value that is not a tool',
    { name: 'x', model, tools: [{}] },
    /at "tools\[0\]": expected tool\(\{ … \}\) or mcpServer/,
  ],
  [
    'a tool named like an answer',
    { name: 'x', model, protocol: Talk, handles: ['ask'], tools: [{ ...add, name: 'answer_tell' }] },
    /a tool named "answer_tell"/,
  ],
  ['two tools of one name', { name: 'x', model, tools: [add, add] }, /two tools or servers named "add"/],
  [
    'an unknown approval rule',
    { name: 'x', model, approve: 'x' },
    /at "approve": expected 'writes', 'all' or a function/,
  ],
  ['an objective without a check', { name: 'x', model, objectives: [1] }, /at "objectives\[0\]"/],
  ['a temperature in words', { name: 'x', model, temperature: 'hot' }, /at "temperature"/],
  ['a deadline in words', { name: 'x', model, deadline: 'soon' }, /at "deadline": expected a time such as/],
  ['a protocol of the wrong type', { name: 'x', model, protocol: {} }, /at "protocol": expected protocol\(/],
])('an agent with %s is refused', (_, options, words) => {
  expect(() => agent(options as never)).toThrow(refusal(words));
});

test.each<[string, object, RegExp]>([
  ['a member of the wrong type', { members: { a: {} } }, /at "members.a": expected agent\(/],
  ['no members', { members: {} }, /has no members/],
  [
    'a route that is not a function',
    { route: { ask: 5, tell: () => ({ finish: '' }) } },
    /at "route.ask": expected a function/,
  ],
  ['a member with a reserved name', { members: { wait: clerk } }, /has a member "wait"/],
  ['endless turns', { maxTurns: Infinity }, /at "maxTurns"/],
  ['an unknown strategy', { supervise: { strategy: 'all' } }, /at "supervise.strategy"/],
  ['a misspelt option', { turns: 3 }, /Unrecognized key: "turns"/],
])('a team with %s is refused', (_, change, words) => {
  const fine = {
    name: 'desk',
    protocol: Talk,
    members: { clerk },
    accepts: 'ask',
    returns: 'tell',
    route: { ask: () => ({ finish: '' }), tell: () => ({ finish: '' }) },
  };
  expect(() => team({ ...fine, ...change } as never)).toThrow(refusal(words));
});

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /must answer "ask" with to.*it gave nothing/],
  ['a promise', Promise.resolve({ finish: '' }), /it gave a promise/],
  ['neither messages nor an end', {}, /it gave an object with no keys/],
])('a route that returns %s fails the run with a message that says so', async (_, returned, words) => {
  const desk = team({
    name: 'desk',
    protocol: Talk,
    members: { clerk },
    accepts: 'ask',
    returns: 'tell',
    route: { ask: () => returned as never, tell: () => returned as never },
  });
  await expect(run(desk, 'hi', { db: 'memory' })).rejects.toEqual(refusal(words));
});

test('all() refuses finish(), which would be lost beside messages', () => {
  expect(() => all({ finish: '' })).toThrow(refusal(/finish\(…\) ends the run and stands alone/));
  expect(() => all(undefined as never)).toThrow(refusal(/got nothing/));
});

test('a member receives the parsed body, with the defaults of the schema', async () => {
  const Task = protocol({
    start: { body: z.string(), replies: ['done'] },
    work: { body: z.object({ words: z.number().default(7) }), replies: ['done'] },
    done: { body: z.string() },
  });
  const worker = agent({
    name: 'worker',
    protocol: Task,
    handles: ['work'],
    model: scriptedModel(({ messages }) => ({
      calls: [{ name: 'answer_done', input: { value: JSON.stringify(messages[0]) } }],
    })),
  });
  const desk = team({
    name: 'desk',
    protocol: Task,
    members: { worker },
    accepts: 'start',
    returns: 'done',
    route: { start: (_, { to }) => to('worker', 'work', {}), done: ({ body }, { finish }) => finish(body) },
  });
  expect(await run(desk, 'go', { db: 'memory' })).toMatch(/words.*7/);
});

test.each<[string, object, RegExp]>([
  ['nothing', null as never, /protocol\(\) takes an object.*got null/],
  ['replies that are not a list', { a: { body: z.string(), replies: 'a' } }, /replies of "a" are a list/],
  ['a date', { a: { body: z.object({ at: z.date() }) } }, /"a" cannot be written as JSON/],
])('a protocol with %s is refused', (_, messages, words) => {
  expect(() => protocol(messages as never)).toThrow(refusal(words));
});

test.each([
  ['a Date', { at: new Date(0) }, /"at" is a Date/],
  ['a bigint', { n: 1n }, /"n" is a bigint/],
  ['half of a surrogate pair', 'a\ud800b', /half of a surrogate pair/],
  ['NUL', { text: 'a\0' }, /"text" has a character/],
])('an input with %s is refused, and nothing is started', async (_, input, words) => {
  await using runtime = await openRuntime({ db: 'memory' });
  const idle = machine(setup({}).createMachine({ id: 'idle', initial: 'on', states: { on: {} } }));
  await expect(runtime.start(idle, input)).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(words) as string,
  });
  expect(await runtime.journal.find({})).toEqual([]);
});

test('an undefined property of an input is ignored: the same key joins the same run', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const idle = machine(setup({}).createMachine({ id: 'idle', initial: 'on', states: { on: {} } }));
  const one = await runtime.start(idle, { a: 1, b: undefined }, { key: 'k' });
  expect((await runtime.start(idle, { a: 1, b: undefined }, { key: 'k' })).root).toBe(one.root);
});

test.each([undefined, 5, {}, 'x', null])('a value that is not runnable is refused: %s', async (subject) => {
  await expect(run(subject as never, 'hi' as never, { db: 'memory' })).rejects.toEqual(
    refusal(/an agent.*a team.*a machine/),
  );
});

test.each([NaN, -1, 0, Infinity, 'x', '5 minutes'])(
  'a deadline of %s is refused, and nothing is started',
  async (deadline) => {
    await using runtime = await openRuntime({ db: 'memory' });
    await expect(runtime.start(agent({ name: 'x', model }), 'hi', { deadline: deadline as never })).rejects.toEqual(
      refusal(/duration/),
    );
    expect(await runtime.journal.find({})).toEqual([]);
  },
);

test('for an undefined limit the default applies', async () => {
  const busy = agent({
    name: 'busy',
    model: scriptedModel(({ messages }) => ({ calls: [{ name: 'add', input: { n: messages.length } }] })),
    tools: [
      tool({
        name: 'add',
        description: 'Adds.',
        input: z.object({ n: z.number() }),
        output: z.null(),
        run: () => null,
      }),
    ],
    budget: { steps: undefined } as object,
    limits: { deadline: undefined } as object,
  });
  await expect(run(busy, 'Go.', { db: 'memory' })).rejects.toMatchObject({
    kind: 'budget',
    message: expect.stringContaining('50') as string,
  });
});

test('a missing required capability fails the run, also for an agent without tools', async () => {
  await expect(run(agent({ name: 'x', model, requires: ['fly'] }), 'hi', { db: 'memory' })).rejects.toMatchObject({
    kind: 'capability',
    message: expect.stringContaining('fly') as string,
  });
});

test('an input that is not JSON is refused with the reason', async () => {
  await expect(run(agent({ name: 'x', model }), 10n as never, { db: 'memory' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/takes a text; got a bigint/) as string,
  });
});
