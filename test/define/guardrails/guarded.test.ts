/** `guarded(…)` as users call it: on an agent, a team or a tool, nested, in a fixed order, and refused with an explanation. */
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { agent, guarded, guardrails, protocol, run, team, tool, type Guardrail } from 'troupe';
import { scriptedModel, testRuntime, virtualClock } from 'troupe/testing';
import { clerk, outcomeOf, rejection, outcomeBehind, doneClerk } from './guarded.ts';

const { timeout, budget, rateLimit, cancellation, input, output, schema, guardrail } = guardrails;
const db = 'memory';

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['article'] },
  article: { body: z.object({ title: z.string() }) },
});
const writer = () =>
  agent({
    name: 'writer',
    protocol: Desk,
    handles: ['brief'],
    model: scriptedModel(() => ({ calls: [{ name: 'answer_article', input: { title: 'Actors' } }] })),
  });
const desk = () =>
  team({
    name: 'desk',
    protocol: Desk,
    members: { writer: writer() },
    accepts: 'brief',
    returns: 'article',
    route: {
      brief: ({ body }, { to }) => to('writer', 'brief', body),
      article: ({ body }, { finish }) => finish(body),
    },
  });
const three = () => [timeout({ max: '1h' }), budget({ steps: 5 }), output(['forbidden'])];

test('a guarded agent or team has the input, output and types of the unguarded one', async () => {
  const text = await run(guarded(doneClerk(), three()), 'Go.', { db });
  expectTypeOf(text).toEqualTypeOf<string>();
  expect(text).toBe('Done.');
  const article = await run(guarded(writer(), three()), { type: 'brief', body: { topic: 'x' } }, { db });
  expectTypeOf(article.body.title).toEqualTypeOf<string>();
  expect(article).toEqual({ type: 'article', body: { title: 'Actors' } });
  const result = await run(guarded(desk(), three()), { topic: 'x' }, { db });
  expectTypeOf(result).toEqualTypeOf<{ title: string }>();
  expect(result).toEqual({ title: 'Actors' });
  // @ts-expect-error -- the team takes a topic
  await expect(run(guarded(desk(), three()), { subject: 'x' }, { db })).rejects.toMatchObject({ kind: 'invalid' });
});

test('a guarded agent can be guarded again', async () => {
  const inner = guarded(desk(), [schema({ output: z.object({ title: z.string() }) })]);
  expect(await run(guarded(inner, [timeout({ max: '1m' })]), { topic: 'x' }, { db })).toEqual({ title: 'Actors' });
  const strict = guarded(guarded(doneClerk(), [output(['done'])]), [timeout({ max: '1m' })]);
  await expect(run(strict, 'Go.', { db })).rejects.toMatchObject({ data: { refusedBy: 'output', stage: 'stream' } });
});

test("a guardrail of a team checks its members' work and its result", async () => {
  const { outcome } = await outcomeOf(guarded(desk(), [output(['actors'])]), { topic: 'x' });
  expect(outcome).toMatchObject(rejection('output', 'stream', 'denied', /pattern/));
  const result = await outcomeOf(guarded(desk(), [schema({ output: z.object({ text: z.string() }) })]), { topic: 'x' });
  expect(result.outcome).toMatchObject(rejection('schema', 'post', 'denied', /"text"/));
});

test('a required timeout or budget may come from the definition of the agent', async () => {
  const required = [timeout({ max: '5m', requireExplicit: true }), budget({ steps: 8, requireExplicit: true })];
  expect(await outcomeBehind(required)).toMatchObject(rejection('timeout', 'pre', 'denied', /required/));
  const bounded = (deadline: '2m' | '9m', steps: number) =>
    clerk(() => ({ text: 'Done.' }), { deadline, budget: { steps } });
  expect(await outcomeBehind(required, bounded('2m', 6))).toMatchObject({ status: 'done', output: 'Done.' });
  expect(await outcomeBehind(required, bounded('9m', 6))).toMatchObject(rejection('timeout', 'pre', 'denied', /above/));
  expect(await outcomeBehind(required, bounded('2m', 12))).toMatchObject(rejection('budget', 'pre', 'budget', /above/));
});

test('guardrails run in a fixed order, and the first rejection ends the task', async () => {
  const asked: string[] = [];
  const own = (name: string) => guardrail({ name, pre: () => (asked.push(name), true) });
  const look = input(() => (asked.push('input'), true));
  const check = schema({ input: z.string().refine(() => asked.push('schema')) });
  const list = [
    own('b'),
    check,
    own('a'),
    look,
    cancellation(),
    rateLimit({ tasks: 9, per: '1s' }),
    ...three().toReversed(),
  ];
  expect(guarded(doneClerk(), list).guardrails.map(({ name }) => name)).toEqual([
    'timeout',
    'budget',
    'rateLimit',
    'cancellation',
    'input',
    'output',
    'schema',
    'b',
    'a',
  ]);
  expect(await outcomeBehind(list)).toMatchObject({ status: 'done' });
  expect(asked).toEqual(['input', 'schema', 'b', 'a']);
  const first = [...list, timeout({ requireExplicit: true, name: 'first' })];
  expect(await outcomeBehind(first)).toMatchObject(rejection('first', 'pre', 'denied', /required/));
  expect(asked).toHaveLength(4);
});

test('cancel, pause and resume pass through guardrails', async () => {
  await using runtime = await testRuntime();
  const slow = guarded(clerk([{ hang: true }]), three());
  const cancelled = await runtime.start(slow, 'Go.');
  await runtime.settle();
  await runtime.signal(cancelled.root, { type: 'work.pause' });
  await runtime.settle();
  const paused = runtime.seen.findLast((each) => each.type === 'commit' && each.actor.startsWith('clerk/'));
  expect(JSON.stringify((paused as { state: unknown }).state)).toContain('paus');
  await runtime.signal(cancelled.root, { type: 'work.resume' });
  await runtime.signal(cancelled.root, { type: 'work.cancel', reason: 'never mind' });
  expect(await cancelled.outcome()).toMatchObject({ status: 'cancelled', reason: 'never mind' });
  await expect(runtime.signal(cancelled.root, { type: 'agent.cancel', reason: 'x' })).rejects.toMatchObject({
    kind: 'invalid',
  });
});

test('a guarded run ends at its deadline', async () => {
  await using runtime = await testRuntime();
  const late = await runtime.start(guarded(clerk([{ hang: true }]), [output(['x'])]), 'Go.', { deadline: '1m' });
  await runtime.advance('2m');
  expect(await late.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
});

/** A tool that returns its input, and counts its calls. */
function echo(guards: readonly Guardrail[], fails = false) {
  const ran: string[] = [];
  const clock = virtualClock();
  const guardedEcho = guarded(
    tool({
      name: 'echo',
      description: 'Echoes.',
      effect: 'write',
      input: z.object({ text: z.string() }),
      output: z.string(),
      run({ text }) {
        ran.push(text);
        if (fails) throw new Error('broken');
        return text;
      },
    }),
    guards,
  );
  const scope = { key: 'k', signal: new AbortController().signal, clock, progress: () => {} };
  return { ran, clock, timeout: guardedEcho.timeout, call: async (text: string) => guardedEcho.run({ text }, scope) };
}

test('a guarded tool is checked before and after each call, and a rejected write is not performed', async () => {
  const { ran, call, timeout: longest } = echo([input(['never']), output(['echo me not']), timeout({ max: '5s' })]);
  expect(longest).toBe(5_000);
  expect(await call('yes')).toBe('yes');
  await expect(call('never')).rejects.toMatchObject({
    kind: 'denied',
    data: { refusedBy: 'input', stage: 'pre', sent: false },
  });
  await expect(call('echo me not')).rejects.toMatchObject({ data: { refusedBy: 'output', stage: 'post', done: true } });
  expect(ran).toEqual(['yes', 'echo me not']);
});

test('a guarded tool has a rate limit, and a breaker that opens after too many failures', async () => {
  const limited = echo([rateLimit({ tasks: 1, per: '10s' }), input(['no'])]);
  await expect(limited.call('no')).rejects.toMatchObject({ data: { refusedBy: 'input' } });
  expect(await limited.call('a')).toBe('a');
  await expect(limited.call('b')).rejects.toMatchObject({
    kind: 'transient',
    retryAfter: 10_000,
    data: { refusedBy: 'rateLimit' },
  });
  limited.clock.advance(10_000);
  expect(await limited.call('c')).toBe('c');
  const failing = echo([guardrail({ name: 'breaker', pre: () => true, trip: { after: 2, rest: '10s' } })], true);
  for (const text of ['1', '2']) await expect(failing.call(text)).rejects.toThrow('broken');
  await expect(failing.call('3')).rejects.toMatchObject({ data: { refusedBy: 'breaker' } });
  expect(failing.ran).toEqual(['1', '2']);
});

test.each<[string, () => unknown, RegExp]>([
  ['no options that limit anything', () => timeout({}), /guardrails.timeout.*limits nothing/],
  ['a negative time', () => timeout({ max: -5 }), /at "max": expected a time/],
  ['a time that is not a number', () => timeout({ max: Number.NaN }), /at "max"/],
  ['a budget of nothing', () => budget({}), /limits nothing: give steps/],
  ['a negative budget', () => budget({ steps: -1 }), /at "steps"/],
  ['a budget that is not a number', () => budget({ usd: Number.NaN }), /at "usd"/],
  ['a budget of half a step', () => budget({ steps: 0.5 }), /at "steps"/],
  ['a misspelled option', () => budget({ step: 3 } as never), /Unrecognized key/],
  ['a rate without a time', () => rateLimit({ tasks: 3 } as never), /requires both how many .* and per what time/],
  ['a time without a rate', () => rateLimit({ per: '1s' }), /requires both/],
  ['no patterns', () => input([]), /at least one/],
  ['an empty pattern', () => output(['']), /a function, or a list of texts/],
  ['no schema', () => schema({}), /give input, output or both/],
  ['a value that is not a schema', () => schema({ input: { type: 'string' } as never }), /expected a zod schema/],
  ['no check', () => guardrail({ name: 'x' }), /looks at nothing/],
  ['an interval without mid', () => guardrail({ name: 'x', pre: () => true, every: '1s' }), /there is no mid/],
  ['a trip after nothing', () => cancellation({ trip: { after: 0, rest: '1s' } }), /at "trip.after".*>0/],
  ['a name of the runtime', () => guardrail({ name: 'Agent', pre: () => true }), /name that the runtime uses itself/],
  ['no guardrails', () => guarded(doneClerk(), []), /at least one/],
  ['what is no guardrail', () => guarded(doneClerk(), [{ max: 3 } as never]), /made by guardrails.timeout/],
  ['two of one name', () => guarded(doneClerk(), [input(['a']), input(['b'])]), /Two guardrails are called "input"/],
  [
    'one named as what it guards',
    () => guarded(doneClerk(), [input(['a'], { name: 'clerk' })]),
    /name of what it guards/,
  ],
  ['nothing to guard', () => guarded(undefined as never, three()), /What is guarded is an agent/],
  ['a budget before a tool', () => echo([budget({ steps: 1 })]), /cannot guard the tool "echo".*agent that calls/],
  ['a person before a tool', () => echo([input(['a'], { trip: 'person' })]), /nobody could reset it there/],
])('guarding %s is refused with an explanation', (_, make, words) => {
  expect(make).toThrow(words);
  expect(make).toThrow(expect.objectContaining({ kind: 'definition' }));
});
