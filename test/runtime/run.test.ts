/** `run` as users call it: once, twice at once, again after its end, and with answers to tickets. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, machine, openRuntime, protocol, run, team, tool, TroupeError, type Ticket } from 'troupe';
import { scriptedModel, virtualClock, type VirtualClock } from 'troupe/testing';
import { setup } from 'xstate';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { deferred } from '../deferred.ts';

const fail = (why: string): never => {
  throw new Error(why);
};
const fresh = () => join(mkdtempSync(join(tmpdir(), 'troupe-run-')), 'j.db');

test('the same key at the same time is one run, and both get its result', async () => {
  const gate = deferred();
  let asked = 0;
  const clerk = () =>
    agent({
      name: 'clerk',
      model: {
        id: 'test:model',
        async *stream() {
          asked++;
          await gate.promise;
          yield { type: 'text', text: 'Once.' };
          yield {
            type: 'finish',
            reason: 'stop',
            usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 },
            model: 'test:model',
          };
        },
      },
    });
  const db = fresh();
  const both = Promise.all([run(clerk(), 'Go.', { key: 'k', db }), run(clerk(), 'Go.', { key: 'k', db })]);
  setImmediate(() => gate.resolve());
  expect(await both).toEqual(['Once.', 'Once.']);
  expect(asked).toBe(1);
});

test('a key whose run has ended returns its result again, without a model call', async () => {
  const db = fresh();
  const say = (text: string) => agent({ name: 'clerk', model: scriptedModel([{ text }]) });
  expect(await run(say('First.'), 'Go.', { key: 'k', db })).toBe('First.');
  expect(await run(say('Second.'), 'Go.', { key: 'k', db })).toBe('First.');
});

test('a run that fails rejects with its failure', async () => {
  const clerk = agent({
    name: 'clerk',
    model: scriptedModel([{ error: { kind: 'auth', message: 'The key is wrong.' } }]),
  });
  await expect(run(clerk, 'Go.', { db: 'memory' })).rejects.toMatchObject({ name: 'TroupeError', kind: 'auth' });
});

test('the caller of run() can answer tickets', async () => {
  const sent: string[] = [];
  const mail = tool({
    name: 'mail',
    description: 'Sends.',
    effect: 'write',
    approval: true,
    input: z.object({ to: z.string() }),
    output: z.null(),
    run: ({ to }) => (sent.push(to), null),
  });
  const script = () => scriptedModel([{ calls: [{ name: 'mail', input: { to: 'ada' } }] }, { text: 'Done.' }]);
  const questions: unknown[] = [];
  const answer = (approved: boolean) => ({
    db: 'memory',
    onTicket: ({ subject }: { subject: unknown }) => (questions.push(subject), { approved }),
  });
  await run(agent({ name: 'a', tools: [mail], model: script() }), 'Go.', answer(false));
  expect(sent).toEqual([]);
  await run(agent({ name: 'a', tools: [mail], model: script() }), 'Go.', answer(true));
  expect(sent).toEqual(['ada']);
  expect(questions[0]).toMatchObject({ tool: 'mail', input: { to: 'ada' } });
});

/** A tool that a person must approve. */
const look = tool({
  name: 'look',
  description: 'Looks.',
  approval: true,
  input: z.object({}),
  output: z.null(),
  run: () => null,
});

test('a run ends at its deadline, also while the caller of run() has not answered', async () => {
  const model = scriptedModel([{ calls: [{ name: 'look', input: {} }] }]);
  const clock = virtualClock();
  const asked = deferred();
  const late = run(agent({ name: 'a', tools: [look], model }), 'Go.', {
    db: 'memory',
    clock,
    deadline: '2m',
    onTicket: () => (asked.resolve(), new Promise<never>(() => {})),
  }).catch((thrown: unknown) => thrown);
  await asked.promise;
  await runningUntil(clock, 121_000, late);
  expect(await late).toMatchObject({ name: 'TroupeError', kind: 'expired' });
});

test('an onTicket that throws fails the call of run() only, also when the journal fails after it', async () => {
  const model = scriptedModel([{ calls: [{ name: 'look', input: {} }] }]);
  const gone = new TroupeError('storage', 'The disk is gone.');
  const strays: unknown[] = [];
  const listener = (thrown: unknown) => strays.push(thrown);
  process.on('unhandledRejection', listener);
  try {
    const clerk = agent({ name: 'a', tools: [look], model });
    const kept = memory();
    let isGone = false;
    const journal: Journal = { ...kept, find: (query) => (isGone ? Promise.reject(gone) : kept.find(query)) };
    const onTicket = () => {
      isGone = true;
      return fail('no answer');
    };
    await expect(run(clerk, 'Go.', { journal, onTicket })).rejects.toThrow('no answer');
    await new Promise(setImmediate);
    expect(strays).toEqual([]);
  } finally {
    process.off('unhandledRejection', listener);
  }
});

test('an answer of the caller of run() that comes too late does not end the run', async () => {
  const model = scriptedModel([{ calls: [{ name: 'look', input: {} }] }, { text: 'Not seen.' }]);
  const clerk = agent({ name: 'a', tools: [look], model, limits: { approvalDeadline: 20 } });
  const onTicket = async ({ deadline }: Ticket) => {
    while (Date.now() <= deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    return { approved: true };
  };
  expect(await run(clerk, 'Go.', { db: 'memory', onTicket })).toBe('Not seen.');
});

test('an answer that does not fit the ticket is refused, and the ticket stays open', async () => {
  const mail = tool({
    name: 'mail',
    description: 'Sends.',
    effect: 'write',
    approval: true,
    input: z.object({}),
    output: z.null(),
    run: () => null,
  });
  const clerk = agent({ name: 'a', tools: [mail], model: scriptedModel([{ calls: [{ name: 'mail', input: {} }] }]) });
  await expect(run(clerk, 'Go.', { db: 'memory', onTicket: () => 'yes' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/does not fit/) as string,
  });
});

const hanging = {
  id: 'test:hanging',
  stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
};

test('an agent, a team and a machine end at the deadline, whatever they are doing', async () => {
  const Talk = protocol({ ask: { body: z.string(), replies: ['tell'] }, tell: { body: z.string() } });
  const clerk = agent({ name: 'clerk', model: hanging, protocol: Talk, handles: ['ask'] });
  const desk = team({
    name: 'desk',
    protocol: Talk,
    members: { clerk },
    accepts: 'ask',
    returns: 'tell',
    route: { ask: ({ body }, { to }) => to('clerk', 'ask', body), tell: ({ body }, { finish }) => finish(body) },
  });
  const idle = machine(setup({}).createMachine({ id: 'idle', initial: 'on', states: { on: {} } }));
  const anyone = [agent({ name: 'solo', model: hanging }), desk, idle] as const;
  for (const subject of anyone) {
    const clock = virtualClock();
    await using runtime = await openRuntime({ db: 'memory', clock });
    const run = await runtime.start(subject, 'Go.', { deadline: '2m' });
    const ended = run.outcome();
    await runningUntil(clock, 121_000, ended);
    expect(await ended, subject.name).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
  }
});

test('a tool can throw any value; the run continues with what JSON can hold of it', async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const broken = [{ rows: 10n }, circle, { at: new Date(0) }].map((data) =>
    tool({
      name: `fail_${Object.keys(data)[0]}`,
      description: 'Fails.',
      input: z.object({}),
      output: z.null(),
      run: () => {
        throw new TroupeError('tool', 'It broke.', { data: data as never, retryAfter: NaN });
      },
    }),
  );
  const clerk = agent({
    name: 'clerk',
    tools: broken,
    model: scriptedModel([{ calls: broken.map(({ name }) => ({ name, input: {} })) }, { text: 'Three broke.' }]),
  });
  expect(await run(clerk, 'Go.', { db: fresh() })).toBe('Three broke.');
});

/** Advances the clock in steps, and waits until each step has settled. */
async function runningUntil(clock: VirtualClock, until: number, ended: Promise<unknown>): Promise<void> {
  const now = { over: false };
  void ended.then(() => (now.over = true));
  for (let at = 0; at < until && !now.over; at += 1_000) {
    clock.advance(1_000);
    for (let i = 0; i < 20 && !now.over; i++) await new Promise(setImmediate);
  }
}

test('a runtime that fails to open leaves nothing open', async () => {
  const db = fresh();
  const clock = { ...virtualClock(), id: () => fail('no ids') };
  await expect(openRuntime({ db, clock })).rejects.toThrow('no ids');
  // An open journal has a log file beside it.
  expect(existsSync(`${db}-wal`)).toBe(false);
});
