/** A run that rests until a person answers says so at once, with its open tickets, whatever happened before. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  agent,
  flow,
  orchestrator,
  run,
  team,
  protocol,
  tool,
  TroupeError,
  type RunHandle,
  type Runnable,
} from 'troupe';
import { scriptedModel, testRuntime, type TestRuntime } from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';
import { deferred } from '../deferred.ts';

const act = (name: string, { asks = false, effect = 'write', perform = () => 'done' }: ActOptions = {}) =>
  tool({
    name,
    description: 'Acts.',
    effect,
    ...(asks ? { approval: true } : {}),
    idempotent: true,
    input: z.object({ to: z.string() }),
    output: z.string(),
    run: async () => perform(),
  });
interface ActOptions {
  readonly asks?: boolean;
  readonly effect?: 'read' | 'write';
  readonly perform?: () => string | Promise<string>;
}
const calling = (...names: string[]) => ({ calls: names.map((name) => ({ name, input: { to: name } })) });
const clerk = (tools: ReturnType<typeof act>[], name = 'clerk') =>
  agent({
    name,
    tools,
    model: scriptedModel([calling(...tools.map((one) => one.name)), { text: 'Done.' }]),
  });
const mail = act('mail', { asks: true });
const call = act('call', { asks: true });
const note = act('note');

/** What is known once everything has happened that needs no time. */
async function told(runtime: TestRuntime, handle: RunHandle) {
  const outcome = handle.outcome({ returnWhenWaiting: true });
  await runtime.settle();
  return Promise.race([outcome, Promise.resolve('nobody was told')]);
}
const waitingFor = (...tools: string[]) => ({
  status: 'waiting',
  tickets: expect.toSatisfy(
    (tickets: { subject: { tool: string } }[]) =>
      tickets
        .map(({ subject }) => subject.tool)
        .sort()
        .join() === tools.sort().join(),
  ) as unknown,
});
async function start(runtime: TestRuntime, subject: Runnable, input: unknown = 'Go.') {
  return runtime.start(subject, input, { key: 'k' });
}
const answer = async (runtime: TestRuntime, name: string, approved = true) => {
  const ticket = (await runtime.tickets()).find(({ subject }) => (subject as { tool: string }).tool === name);
  await runtime.answer(ticket!.id, { approved }, 'Ada');
};

describe('a run waits with its open tickets', () => {
  test.each([
    ['after a write that needs no approval', () => clerk([mail, note]), 'Go.'],
    ['after a write that needs no approval, called first', () => clerk([note, mail]), 'Go.'],
    ['after a read', () => clerk([act('look', { effect: 'read' }), mail]), 'Go.'],
    ['after three writes', () => clerk([note, mail, act('file'), act('keep')]), 'Go.'],
    [
      'after a write that failed',
      () =>
        clerk([
          mail,
          act('fail', {
            perform: () => {
              throw new Error('no');
            },
          }),
        ]),
      'Go.',
    ],
    ['in an orchestrator with one task', () => orchestrator({ name: 'desk', members: [clerk([mail])] }), 'Go.'],
    [
      'in an orchestrator with one task that asks and one that does not',
      () =>
        orchestrator({ name: 'desk', members: [clerk([mail], 'asker'), clerk([note], 'writer')], mode: 'concurrent' }),
      { tasks: ['Go.', 'Go.'] },
    ],
  ] as const)('%s', async (_, subject, input) => {
    await using runtime = await testRuntime();
    expect(await told(runtime, await start(runtime, subject() as Runnable, input))).toMatchObject(waitingFor('mail'));
  });

  test('when one of two was answered, and when it was refused', async () => {
    for (const approved of [true, false]) {
      await using runtime = await testRuntime();
      const handle = await start(runtime, clerk([mail, call]));
      expect(await told(runtime, handle)).toMatchObject(waitingFor('mail', 'call'));
      await answer(runtime, 'mail', approved);
      expect(await told(runtime, handle)).toMatchObject(waitingFor('call'));
      await answer(runtime, 'call', approved);
      expect(await told(runtime, handle)).toMatchObject({ status: 'done', output: 'Done.' });
    }
  });

  test('when one of two was withdrawn', async () => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, clerk([mail, call]));
    await told(runtime, handle);
    const [ticket] = await runtime.tickets();
    await runtime.abort(ticket!.id, 'not today', 'Ada');
    expect(await told(runtime, handle)).toMatchObject({ status: 'waiting', tickets: [{}] });
  });

  test('as soon as an effect that ran beside it has ended, and not before', async () => {
    await using runtime = await testRuntime();
    const slow = deferred<string>();
    const handle = await start(runtime, clerk([mail, act('slow', { perform: () => slow.promise })]));
    const outcome = handle.outcome({ returnWhenWaiting: true });
    await runtime.settle();
    expect(await Promise.race([outcome, Promise.resolve('it is at work')])).toBe('it is at work');
    slow.resolve('done');
    expect(await outcome).toMatchObject(waitingFor('mail'));
  });

  test('when the effect beside it is tried again after a pause', async () => {
    await using runtime = await testRuntime();
    let tries = 0;
    const perform = () => {
      if (tries++ < 2) throw new TroupeError('transient', 'busy', { retryable: true });
      return 'done';
    };
    const handle = await start(runtime, clerk([mail, act('flaky', { effect: 'read', perform })]));
    const outcome = handle.outcome({ returnWhenWaiting: true });
    await runtime.advance('1m');
    expect(await Promise.race([outcome, Promise.resolve('nobody was told')])).toMatchObject(waitingFor('mail'));
  });

  test('after a restart, and in the process that took the run over', async () => {
    const journal = memory();
    const first = await testRuntime({ journal });
    const subject = clerk([mail, note]);
    await told(first, await start(first, subject));
    await first.close();
    for (const seed of [2, 3]) {
      await using next = await testRuntime({ journal, seed });
      expect(await told(next, await next.resume('k', subject))).toMatchObject(waitingFor('mail'));
    }
  });

  test('after its actors have left memory, to one who asks then and to one who has been waiting', async () => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, clerk([mail, call]));
    await told(runtime, handle);
    await runtime.advance('10m');
    expect(await told(runtime, handle)).toMatchObject(waitingFor('mail', 'call'));
    await answer(runtime, 'mail');
    expect(await told(runtime, handle)).toMatchObject(waitingFor('call'));
  });

  test('although the same run is started a second time while somebody asks', async () => {
    await using runtime = await testRuntime();
    const subject = clerk([mail, note]);
    const handle = await start(runtime, subject);
    const outcome = handle.outcome({ returnWhenWaiting: true });
    const again = await start(runtime, subject);
    expect(await told(runtime, again)).toMatchObject(waitingFor('mail'));
    expect(await outcome).toMatchObject(waitingFor('mail'));
  });

  test('for a member of a team', async () => {
    await using runtime = await testRuntime();
    const words = protocol({ brief: { body: z.string(), replies: ['story'] }, story: { body: z.string() } });
    const writer = agent({
      name: 'writer',
      protocol: words,
      handles: ['brief'],
      tools: [mail, note],
      model: scriptedModel([calling('mail', 'note'), { text: 'x' }]),
    });
    const desk = team({
      name: 'desk',
      protocol: words,
      members: { writer },
      accepts: 'brief',
      returns: 'story',
      route: {
        brief: ({ body }, { to }) => to('writer', 'brief', body),
        story: ({ body }, { finish }) => finish(body),
      },
    });
    expect(await told(runtime, await start(runtime, desk))).toMatchObject(waitingFor('mail'));
  });
});

describe('a run that is paused says so, since only a person moves it on', () => {
  const napper = flow('napper', async (ctx) => ctx.sleep('1h'));
  const steady = flow('steady', async (ctx) => ctx.wait({ name: 'ok', schema: z.boolean(), question: 'Is it well?' }));
  const send = (runtime: TestRuntime, handle: RunHandle, type: string) => runtime.signal(handle.root, { type });
  const paused = { status: 'waiting', paused: true, tickets: [] };

  test('a flow that sleeps; it goes on once it is resumed', async () => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, napper, null);
    expect(await told(runtime, handle)).toBe('nobody was told');
    await send(runtime, handle, 'run.pause');
    expect(await told(runtime, handle)).toEqual(paused);
    await runtime.advance('2h');
    expect(await told(runtime, handle)).toEqual(paused);
    await send(runtime, handle, 'run.resume');
    expect(await told(runtime, handle)).toMatchObject({ status: 'done' });
  });

  test('to one who has been waiting since before the pause', async () => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, napper, null);
    const outcome = handle.outcome({ returnWhenWaiting: true });
    await runtime.settle();
    await send(runtime, handle, 'run.pause');
    await runtime.settle();
    expect(await Promise.race([outcome, Promise.resolve('nobody was told')])).toEqual(paused);
  });

  test('with the questions that are open, and not as paused when it is not', async () => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, steady, null);
    expect(await told(runtime, handle)).not.toHaveProperty('paused');
    await send(runtime, handle, 'run.pause');
    expect(await told(runtime, handle)).toMatchObject({ paused: true, tickets: [{ question: 'Is it well?' }] });
  });

  test('not while something of it is still at work', async () => {
    await using runtime = await testRuntime();
    const slow = deferred<string>();
    const busy = flow('busy', async (ctx) => {
      await ctx.checkpoint('slow', () => slow.promise);
      return ctx.checkpoint('next', () => 'never begun');
    });
    const handle = await start(runtime, busy, null);
    await runtime.settle();
    await send(runtime, handle, 'run.pause');
    expect(await told(runtime, handle)).toBe('nobody was told');
    slow.resolve('done');
    expect(await told(runtime, handle)).toEqual(paused);
  });

  test('an agent whose call asks a person', async () => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, clerk([mail]));
    await told(runtime, handle);
    await send(runtime, handle, 'agent.pause');
    expect(await told(runtime, handle)).toMatchObject({ paused: true, tickets: [{ subject: { tool: 'mail' } }] });
    await answer(runtime, 'mail');
    expect(await told(runtime, handle)).toEqual(paused);
  });

  test('after a restart, and not when it was resumed in between', async () => {
    const journal = memory();
    const first = await testRuntime({ journal });
    const handle = await start(first, napper, null);
    await first.settle();
    await send(first, handle, 'run.pause');
    await told(first, handle);
    await first.close();
    const second = await testRuntime({ journal, seed: 2 });
    expect(await told(second, await second.resume('k', napper))).toEqual(paused);
    await second.close();
    await using third = await testRuntime({ journal, seed: 3 });
    await send(third, handle, 'run.resume');
    expect(await told(third, await third.resume('k', napper))).toBe('nobody was told');
  });

  test('only where that was asked for', async () => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, napper, null);
    await runtime.settle();
    await send(runtime, handle, 'run.pause');
    const questions = handle.outcome({ returnWhenWaiting: 'tickets' });
    await runtime.settle();
    expect(await Promise.race([questions, Promise.resolve('nobody was told')])).toBe('nobody was told');
  });
});

test('onTicket is called for every ticket, also when they come one after the other', async () => {
  const asked: string[] = [];
  const output = await run(clerk([mail, note, call]), 'Go.', {
    db: 'memory',
    onTicket: ({ subject }) => (asked.push((subject as { tool: string }).tool), { approved: true }),
  });
  expect([output, asked.sort()]).toEqual(['Done.', ['call', 'mail']]);
});
