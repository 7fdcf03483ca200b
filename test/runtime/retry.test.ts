/** A run that failed goes on from the step that failed: what succeeded is kept, and what was changed since is taken. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { setup } from 'xstate';
import {
  agent,
  effect,
  guarded,
  guardrails,
  machine,
  orchestrator,
  pipeline,
  run,
  tool,
  TroupeError,
  type Runnable,
} from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { systemClock } from '../../src/engine/clock.ts';
import { journals } from '../engine/journals.ts';
import { emptyContents } from '../../src/journal/memory/contents.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import type { Journal } from '../../src/journal/journal.ts';

/** What happened outside, in order. */
interface World {
  readonly did: string[];
  /** What is broken fails. */
  readonly broken: Set<string>;
  /** It honours keys: what was done under one is not done again. */
  readonly keys: Set<string>;
}
const world = (...broken: string[]): World => ({ did: [], broken: new Set(broken), keys: new Set() });

const act = ({ did, broken, keys }: World, name: string, more: object = {}) =>
  tool({
    name,
    description: 'Acts.',
    effect: 'write',
    idempotent: true,
    input: z.object({ n: z.number() }),
    output: z.string(),
    run: ({ n }, { key }) => {
      if (broken.has(name)) throw new TroupeError('tool', `${name} is broken`);
      if (!keys.has(key)) did.push(`${name} ${n}`);
      keys.add(key);
      return `did ${name}`;
    },
    ...more,
  });
/** A model without a key fails as `auth`; it counts its answers. */
const model = ({ did, broken }: World, steps: readonly object[], name = 'model') =>
  scriptedModel(({ messages }) => {
    const nth = messages.filter(({ role }) => role === 'assistant').length;
    if (broken.has(`${name}.${nth}`)) throw new TroupeError('auth', 'No API key is set.');
    did.push(`${name}.${nth}`);
    return steps[nth] as { text: string };
  });
const calling = (name: string, n = 1) => ({ calls: [{ name, input: { n } }] });

const clerk = (here: World) =>
  agent({ name: 'clerk', tools: [act(here, 'pay')], model: model(here, [calling('pay'), { text: 'Paid.' }]) });
const member = (here: World, name: string) =>
  agent({
    name,
    tools: [act(here, `${name}-act`)],
    model: model(here, [calling(`${name}-act`), { text: `${name} is done.` }], name),
  });
const line = (here: World) => pipeline({ name: 'line', stages: [member(here, 'first'), member(here, 'second')] });
const desk = (here: World) =>
  orchestrator({
    name: 'desk',
    mode: 'sequential',
    members: { first: member(here, 'first'), second: member(here, 'second') },
  });
const approver = (here: World) =>
  agent({
    name: 'approver',
    tools: [act(here, 'pay', { approval: true })],
    model: model(here, [calling('pay'), { text: 'Paid.' }]),
  });
const careful = (here: World) => guarded(clerk(here), [guardrails.input([/forbidden/])]) as Runnable;
const steps = (here: World) => {
  const does = (name: string) =>
    effect(
      async (_: unknown, { key }) => {
        if (here.broken.has(name)) throw new TroupeError('tool', `${name} is broken`);
        if (!here.keys.has(key)) here.did.push(name);
        here.keys.add(key);
        return name;
      },
      { kind: 'write', idempotent: true },
    );
  return machine(
    setup({ actors: { one: does('one'), two: does('two') } }).createMachine({
      id: 'steps',
      initial: 'one',
      states: {
        one: { invoke: { src: 'one', onDone: 'two' } },
        two: { invoke: { src: 'two', onDone: 'end' } },
        end: { type: 'final' },
      },
      output: () => 'through',
    }),
  );
};

const failed = { status: 'failed' };
async function attempt(journal: Journal, subject: Runnable, input: unknown, retry = false) {
  await using runtime = await testRuntime({ journal });
  const handle = retry ? await runtime.retry('k', subject) : await runtime.start(subject, input, { key: 'k' });
  const outcome = handle.outcome({ returnWhenWaiting: true });
  await runtime.advance('30m');
  return outcome;
}

/** What is run, what is broken first, and what is done by the first attempt and by the retry. */
const subjects: [string, (here: World) => Runnable, unknown, string, string[], string[]][] = [
  ['an agent whose key is not set at first', clerk, 'Go.', 'model.0', [], ['model.0', 'pay 1', 'model.1']],
  ['an agent whose model fails after a write', clerk, 'Go.', 'model.1', ['model.0', 'pay 1'], ['model.1']],
  [
    'a team whose second member fails',
    line,
    'Go.',
    'second.0',
    ['first.0', 'first-act 1', 'first.1'],
    ['second.0', 'second-act 1', 'second.1'],
  ],
  [
    'a team whose second member fails after a write',
    line,
    'Go.',
    'second.1',
    ['first.0', 'first-act 1', 'first.1', 'second.0', 'second-act 1'],
    ['second.1'],
  ],
  ['an agent behind a guardrail', careful, 'Go.', 'model.1', ['model.0', 'pay 1'], ['model.1']],
  ['a machine of one’s own', steps, null, 'two', ['one'], ['two']],
];

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'retry-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ['in memory', () => Promise.resolve(memory())],
  ['in a file', () => sqlite(join(folder, `${Math.random()}.db`))],
  ['in a shared journal', () => journals.shared(systemClock())],
] as const)('%s', (_, open) => {
  test.each(subjects)('%s goes on from there', async (_name, subject, input, broken, first, then) => {
    await using journal = await open();
    const here = world(broken);
    expect(await attempt(journal, subject(here), input)).toMatchObject(failed);
    expect(here.did).toEqual(first);
    // It fails again for the same reason, and nothing is done twice.
    expect(await attempt(journal, subject(here), input, true)).toMatchObject(failed);
    expect(here.did).toEqual(first);
    here.broken.clear();
    expect(await attempt(journal, subject(here), input, true)).toMatchObject({ status: 'done' });
    expect(here.did).toEqual([...first, ...then]);
  });
});

test('an orchestration in which a task failed does that task again, and no other', async () => {
  const journal = memory();
  const here = world('second.1');
  const tasks = {
    tasks: [
      { input: 'One.', agentId: 'first' },
      { input: 'Two.', agentId: 'second' },
    ],
  };
  const first = await attempt(journal, desk(here), tasks);
  expect(first).toMatchObject({ status: 'done', output: [{ success: true }, { success: false }] });
  here.broken.clear();
  const did = [...here.did];
  expect(await attempt(journal, desk(here), tasks, true)).toMatchObject({
    status: 'done',
    output: [{ success: true }, { success: true }],
  });
  expect(here.did).toEqual([...did, 'second.1']);
});

test('an approval that was given is not asked for again', async () => {
  const journal = memory();
  const here = world('model.1');
  await using runtime = await testRuntime({ journal });
  const handle = await runtime.start(approver(here), 'Go.', { key: 'k' });
  const waiting = await handle.outcome({ returnWhenWaiting: true });
  if (waiting.status !== 'waiting') throw new Error('It does not wait.');
  await runtime.answer(waiting.tickets[0]!.id, { approved: true }, 'Ada');
  const outcome = handle.outcome();
  await runtime.advance('30m');
  expect(await outcome).toMatchObject(failed);
  here.broken.clear();
  const again = await runtime.retry('k', approver(here));
  expect(await again.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'done', output: 'Paid.' });
  expect(here.did).toEqual(['model.0', 'pay 1', 'model.1']);
});

test('a tool that was repaired is called again, and what the model had said before stays', async () => {
  const journal = memory();
  const here = world('pay');
  const stubborn = () =>
    agent({
      name: 'stubborn',
      tools: [act(here, 'note'), act(here, 'pay')],
      model: scriptedModel(({ messages }) => {
        const nth = messages.filter(({ role }) => role === 'assistant').length;
        here.did.push(`model.${nth}`);
        const isPaid = JSON.stringify(messages.at(-1)).includes('did pay');
        return isPaid ? { text: 'Paid.' } : nth === 0 ? calling('note') : calling('pay', nth);
      }),
    });
  expect(await attempt(journal, stubborn(), 'Go.')).toMatchObject(failed);
  const first = here.did.length;
  expect(first).toBeGreaterThan(4);
  here.broken.clear();
  expect(await attempt(journal, stubborn(), 'Go.', true)).toMatchObject({ status: 'done', output: 'Paid.' });
  expect(here.did.slice(first)).toEqual([expect.stringMatching(/^pay/), expect.stringMatching(/^model/)]);
});

test('a larger budget is taken, and no answer is asked for twice', async () => {
  const journal = memory();
  const here = world();
  const bounded = (steps: number) =>
    agent({
      name: 'clerk',
      budget: { steps },
      tools: [act(here, 'pay')],
      model: model(here, [calling('pay'), { text: 'Paid.' }]),
    });
  expect(await attempt(journal, bounded(1), 'Go.')).toMatchObject(failed);
  expect(await attempt(journal, bounded(3), 'Go.', true)).toMatchObject({ status: 'done', output: 'Paid.' });
  expect(here.did).toEqual(['model.0', 'pay 1', 'model.1']);
});

test('a run that failed at its deadline gets the same time again', async () => {
  const journal = memory();
  const here = world();
  await using runtime = await testRuntime({ journal });
  const handle = await runtime.start(approver(here), 'Go.', { key: 'k', deadline: '10s' });
  const outcome = handle.outcome();
  await runtime.advance('1m');
  expect(await outcome).toMatchObject(failed);
  const again = await runtime.retry('k', approver(here));
  const waiting = again.outcome({ returnWhenWaiting: true });
  await runtime.advance('9s');
  expect(await waiting).toMatchObject({ status: 'waiting' });
  const late = again.outcome();
  await runtime.advance('1s');
  expect(await late).toMatchObject(failed);
});

test('a write that failed and is honoured by its key is made under the same key again', async () => {
  const journal = memory();
  const keys: string[] = [];
  let isBroken = true;
  const pay = effect(
    async (_: null, { key }) => {
      keys.push(key);
      if (isBroken) throw new TroupeError('transient', 'It broke off.');
      return null;
    },
    { kind: 'write', idempotent: true },
  );
  const payer = () =>
    machine(
      setup({ actors: { pay } }).createMachine({
        id: 'payer',
        initial: 'paying',
        states: { paying: { invoke: { src: 'pay', input: null, onDone: 'paid' } }, paid: { type: 'final' } },
      }),
    );
  for (const retry of [false, true, true]) expect(await attempt(journal, payer(), null, retry)).toMatchObject(failed);
  isBroken = false;
  expect(await attempt(journal, payer(), null, true)).toMatchObject({ status: 'done' });
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
});

describe('a run that has not failed is refused by name', () => {
  test.each([
    ['done', /is done/],
    ['cancelled', /was cancelled: enough\. Only/],
    ['active', /goes on/],
  ] as const)('one that is %s', async (how, says) => {
    await using runtime = await testRuntime();
    const here = world();
    const subject = how === 'done' ? clerk(here) : approver(here);
    const handle = await runtime.start(subject, 'Go.', { key: 'k' });
    await handle.outcome({ returnWhenWaiting: true });
    if (how === 'cancelled') {
      await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'enough' });
      await handle.outcome();
    }
    await expect(runtime.retry('k', subject)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(says) as string,
    });
  });

  test('one that there is not', async () => {
    await using runtime = await testRuntime();
    await expect(runtime.retry('nobody', clerk(world()))).rejects.toMatchObject({ kind: 'unknown_recipient' });
  });
});

test('a run asked for again says that its failure is a stored one, from when it is, and how to go on', async () => {
  const journal = memory();
  const here = world('model.0');
  const ask = (more: object = {}) => run(clerk(here), 'Go.', { journal, key: 'k', ...more });
  const first = (await ask().catch((thrown: unknown) => thrown)) as TroupeError;
  expect(first.message).not.toContain('stored');
  await expect(ask()).rejects.toMatchObject({
    kind: first.kind,
    message: expect.stringMatching(
      /stored failure of the run "k", from \d{4}-.*nothing was done again.*retry: true/,
    ) as string,
    data: { stored: { run: 'k', at: expect.any(Number) as number } },
  });
  here.broken.clear();
  expect(await ask({ retry: true })).toBe('Paid.');
  // A run that is done gives its result, with or without it.
  expect(await ask({ retry: true })).toBe('Paid.');
  expect(here.did).toEqual(['model.0', 'pay 1', 'model.1']);
  await expect(run(clerk(here), 'Go.', { db: 'memory', retry: true })).rejects.toMatchObject({ kind: 'invalid' });
});

describe('a crash at any commit of a retry loses nothing', () => {
  test.each(subjects.filter((_, index) => index !== 2))('%s', async (_name, subject, input, broken, first, then) => {
    for (let after = 0; ; after++) {
      const contents = emptyContents();
      const here = world(broken);
      expect(await attempt(memory(contents), subject(here), input)).toMatchObject(failed);
      here.broken.clear();
      const dying = diesAfter(after, memory(contents));
      const lost = await testRuntime({ journal: dying.journal });
      void lost.retry('k', subject(here)).catch(() => {});
      await lost.settle();
      if (!dying.isDead()) {
        expect(after).toBeGreaterThan(2);
        return;
      }
      await using next = await testRuntime({ journal: memory(contents), seed: 2 });
      for (const [run, lease] of contents.claims) contents.claims.set(run, { ...lease, until: 0 }); // The lease of the process that died is over.
      await next.advance('1m');
      const [root] = await next.journal.find({ run: 'k', parent: null });
      // A retry that had not begun is asked for again.
      const handle =
        root?.status === 'active' ? await next.resume('k', subject(here)) : await next.retry('k', subject(here));
      const outcome = handle.outcome();
      await next.advance('30m');
      expect(await outcome).toMatchObject({ status: 'done' });
      const writes = here.did.filter((what) => /\d$/.test(what) && !/\.\d$/.test(what));
      expect(new Set(writes).size, `after ${after} commits: ${here.did.join(', ')}`).toBe(writes.length);
      expect(new Set(here.did)).toEqual(new Set([...first, ...then]));
    }
  });
});

/** A journal of a process that dies after so many commits: from then on nothing of it answers. */
function diesAfter(commits: number, inner: Journal) {
  let left = commits;
  let dead = false;
  const never = new Promise<never>(() => {});
  const journal = new Proxy(inner, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if ((name === 'commit' || name === 'commitAll') && left-- <= 0) dead = true;
        return dead ? never : (value as (...given: unknown[]) => unknown).apply(target, given);
      };
    },
  });
  return { journal, isDead: () => dead };
}
