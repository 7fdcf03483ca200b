/** An ask from outside: typed, with a deadline, and always settled: answered, refused or timed out. */
import { expect, test, vi } from 'vitest';
import { assign, setup } from 'xstate';
import * as z from 'zod';
import { engineActions, type MessageMeta } from '../../machines/slot.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { protocol, type Protocol } from '../../src/contracts/protocol.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { ReplyChannel } from '../../src/engine/ref.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { virtualClock } from 'troupe/testing';
import { deferred } from '../deferred.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const TalkProtocol = protocol({
  ask: { body: z.object({ n: z.number() }), replies: ['answer'] },
  answer: { body: z.object({ n: z.number() }) },
  note: { body: z.object({ text: z.string() }) },
  other: { body: z.object({}) },
  wrong: { body: z.object({}), replies: ['answer'] },
  broken: { body: z.object({}), replies: ['answer'] },
  silent: { body: z.object({}), replies: ['answer'] },
  failing: { body: z.object({}), replies: ['answer'] },
});

interface TalkEvent {
  type: 'ask' | 'note' | 'wrong' | 'broken' | 'silent' | 'failing';
  body: { n: number };
  meta: MessageMeta;
}

const talker = setup({
  types: {} as { context: { asked: MessageMeta | null }; events: TalkEvent },
  actions: {
    ...engineActions,
    keep: assign({ asked: ({ event }) => event.meta }),
    break: assign(() => {
      throw new TroupeError('capability', 'cannot do that');
    }),
  },
}).createMachine({
  id: 'talker',
  context: { asked: null },
  on: {
    ask: {
      actions: {
        type: 'reply',
        params: ({ event }) => ({ ask: event.meta, type: 'answer', body: { n: event.body.n + 1 } }),
      },
    },
    wrong: { actions: { type: 'reply', params: ({ event }) => ({ ask: event.meta, type: 'other', body: {} }) } },
    failing: {
      actions: {
        type: 'reply',
        params: ({ event }) => ({
          ask: event.meta,
          type: 'failure',
          body: { failure: { kind: 'denied', message: 'not today', retryable: false } },
        }),
      },
    },
    broken: { actions: 'break' },
    silent: { actions: 'keep' },
    note: { actions: 'keep' },
  },
});
const emptyBody = z.object({});
const talkerType = type(talker, {
  handles: {
    ask: z.object({ n: z.number() }),
    note: z.object({ text: z.string() }),
    wrong: emptyBody,
    broken: emptyBody,
    silent: emptyBody,
    failing: emptyBody,
  },
});

async function startTalker() {
  const testProcess = new TestProcess();
  const address = await testProcess.start(talkerType);
  const replyChannel = new ReplyChannel(testProcess.transport, testProcess.clock);
  return { testProcess, address, replyChannel, ref: replyChannel.ref(TalkProtocol, address, 'r1') };
}

test('an ask is answered; a tell resolves when it is committed', async () => {
  const { ref, testProcess, address } = await startTalker();
  expect(await ref.ask('ask', { n: 1 })).toEqual({ type: 'answer', body: { n: 2 } });
  await ref.tell('note', { text: 'hello' });
  expect(testProcess.commits(address).at(-1)!.event).toMatchObject({ type: 'note', body: { text: 'hello' } });
});

test('an answer that is delayed in the transport does not delay other answers to the same caller', async () => {
  const inner = inProcess();
  const release = deferred();
  const transport: Transport = {
    ...inner,
    async send(envelope) {
      if (envelope.correlation === 'q1') await release.promise;
      await inner.send(envelope);
    },
  };
  const testProcess = new TestProcess({ transport });
  const ref = new ReplyChannel(transport, testProcess.clock).ref(
    TalkProtocol,
    await testProcess.start(talkerType),
    'r1',
  );
  const first = ref.ask('ask', { n: 1 }, { id: 'q1' });
  expect(await ref.ask('ask', { n: 2 })).toEqual({ type: 'answer', body: { n: 3 } });
  release.resolve();
  expect(await first).toEqual({ type: 'answer', body: { n: 2 } });
});

test('an ask rejects with the failure that the actor replies', async () => {
  const { ref } = await startTalker();
  await expect(ref.ask('failing', {})).rejects.toMatchObject({ kind: 'denied', message: 'not today' });
});

test('an ask rejects with the error that the machine throws', async () => {
  const { ref, testProcess, address } = await startTalker();
  await expect(ref.ask('broken', {})).rejects.toMatchObject({ kind: 'capability', message: 'cannot do that' });
  expect((await testProcess.row(address)).status).toBe('active');
});

test('an ask without an answer rejects at its deadline, and the message says how to ask again', async () => {
  const { ref, testProcess } = await startTalker();
  const answer = expect(ref.ask('silent', {}, { timeout: 1_000, id: 'q1' })).rejects.toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('Ask again with id q1') as string,
  });
  await settle();
  await testProcess.advance(1_000);
  await answer;
});

test('of several callers each waits as long as it allowed, whoever asked first', async () => {
  const clock = virtualClock();
  await using transport = inProcess();
  transport.listen('talker/quiet', async () => {});
  using channel = new ReplyChannel(transport, clock);
  const ref = channel.ref(TalkProtocol, 'talker/quiet', 'r');
  const ended: number[] = [];
  for (const timeout of [3_000, 1_000, 2_000, 1_000, 4_000])
    ref.ask('silent', {}, { timeout }).catch(({ kind }: TroupeError) => kind === 'timeout' && ended.push(timeout));
  const twice = expect(ref.ask('silent', {}, { timeout: 1_500, id: 'same' })).rejects.toMatchObject({
    kind: 'timeout',
  });
  const patient = ref.ask('silent', {}, { timeout: 5_000, id: 'same' });
  await settle();
  for (const [ms, expected] of [
    [999, []],
    [1, [1_000, 1_000]],
    [1_000, [1_000, 1_000, 2_000]],
    [1_000, [1_000, 1_000, 2_000, 3_000]],
  ] as const) {
    clock.advance(ms);
    await settle();
    expect(ended).toEqual(expected);
  }
  await twice;
  await transport.send({
    id: 'r',
    type: 'answer',
    body: { n: 5 },
    from: 'talker/quiet',
    to: channel.address,
    run: 'r',
    kind: 'reply',
    correlation: 'same',
  });
  expect(await patient).toEqual({ type: 'answer', body: { n: 5 } });
  clock.advance(1_000);
  await settle();
  expect(ended).toEqual([1_000, 1_000, 2_000, 3_000, 4_000]);
  // Nobody waits, so nothing keeps the process alive.
  expect(clock.next).toBeUndefined();
});

test('only a caller that waits keeps its process alive, and the next one is told in time as well', async () => {
  const clock = virtualClock();
  const keeping = new Set<object>();
  const wake = (at: number, call: () => void) => {
    const alarm = clock.wake(at, call);
    keeping.add(alarm);
    return {
      keepAlive: (keeps: boolean) => void (keeps ? keeping.add(alarm) : keeping.delete(alarm)),
      [Symbol.dispose]() {
        keeping.delete(alarm);
        alarm[Symbol.dispose]();
      },
    };
  };
  await using transport = inProcess();
  transport.listen('talker/first', async ({ id, from: to, run, type }) => {
    const reply = { id: `${id}-a`, type: 'answer', body: { n: 1 }, from: 'talker/first', to, run, correlation: id };
    if (type === 'ask') void transport.send({ ...reply, kind: 'reply' });
  });
  using channel = new ReplyChannel(transport, { ...clock, wake });
  const ref = channel.ref(TalkProtocol, 'talker/first', 'r');
  for (let nth = 0; nth < 3; nth++) {
    const answer = ref.ask('ask', { n: nth }, { timeout: 1_000 });
    expect(keeping.size).toBe(1);
    await answer;
    expect(keeping.size).toBe(0);
  }
  clock.advance(500);
  const late = expect(ref.ask('silent', {}, { timeout: 1_000 })).rejects.toMatchObject({ kind: 'timeout' });
  expect(keeping.size).toBe(1);
  // The alarm of the first ask comes, and is none for this one.
  clock.advance(500);
  expect(keeping.size).toBe(1);
  clock.advance(500);
  await late;
  expect(keeping.size).toBe(0);
});

test('an alarm of the system keeps its process alive as long as it is to', () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  using alarm = systemClock().wake(Date.now() + 60_000, () => {});
  // The only timer that was set.
  const timer = set.mock.results[0]?.value as NodeJS.Timeout;
  set.mockRestore();
  expect(timer.hasRef()).toBe(true);
  alarm.keepAlive?.(false);
  expect(timer.hasRef()).toBe(false);
  alarm.keepAlive?.(true);
  expect(timer.hasRef()).toBe(true);
});

test('a reply that the protocol does not allow is refused, and the message names the allowed replies', async () => {
  const { ref } = await startTalker();
  await expect(ref.ask('wrong', {})).rejects.toMatchObject({
    kind: 'unknown_message',
    message: expect.stringContaining('may be answered by answer') as string,
  });
});

test('an untyped caller gets an error that names what is wrong, and changes nothing', async () => {
  const { replyChannel, address, testProcess } = await startTalker();
  const ref = replyChannel.ref(
    TalkProtocol as unknown as Protocol<Record<string, { body: z.ZodType; replies: readonly string[] }>>,
    address,
    'r1',
  );
  await expect(ref.ask('ask', { n: 'one' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('at "n": expected number') as string,
  });
  await expect(ref.ask('nothing', {})).rejects.toMatchObject({ name: expect.stringMatching(/Error/) as string });
  await expect(replyChannel.ref(TalkProtocol, 'talker/unknown', 'r1').ask('ask', { n: 1 })).rejects.toMatchObject({
    kind: 'unknown_recipient',
  });
  const raw = (kind: 'ask' | 'tell', name: string, body: object) =>
    testProcess.transport.send(testProcess.envelope(address, { type: name, ...body }, { kind }));
  await expect(raw('tell', 'ask', { n: 'one' })).rejects.toMatchObject({
    kind: 'invalid',
    data: { type: 'ask' },
    message: expect.stringContaining('at "n"') as string,
  });
  await expect(raw('ask', 'unheard', {})).rejects.toMatchObject({
    kind: 'unknown_message',
    message: expect.stringContaining('takes "ask", "note"') as string,
  });
  await expect(
    testProcess.transport.send({ ...testProcess.envelope(address, { type: 'ask' }), id: '' }),
  ).rejects.toMatchObject({
    kind: 'invalid',
  });
  expect(testProcess.commits(address)).toHaveLength(1);
});

test('signals are checked against their schema', async () => {
  const testProcess = new TestProcess();
  const light = setup({ types: {} as { events: { type: 'turn'; to: 'on' | 'off' } } }).createMachine({
    id: 'light',
    initial: 'off',
    states: { off: { on: { turn: 'on' } }, on: {} },
  });
  const address = await testProcess.start(
    type(light, { signals: z.object({ type: z.literal('turn'), to: z.enum(['on', 'off']) }) }),
  );
  await expect(testProcess.signal(address, { type: 'turn', to: 'red' })).rejects.toMatchObject({ kind: 'invalid' });
  await testProcess.signal(address, { type: 'turn', to: 'on' });
  expect((await testProcess.row(address)).state).toBe('on');
});

test('a reply to a caller that is gone becomes a dead letter', async () => {
  const { replyChannel, address, testProcess } = await startTalker();
  void replyChannel
    .ref(TalkProtocol, address, 'r1')
    .ask('ask', { n: 1 })
    .catch(() => {});
  replyChannel[Symbol.dispose]();
  await settle();
  expect(testProcess.deadLetters()).toMatchObject([
    { actor: replyChannel.address, message: { type: 'answer', from: address }, failure: { kind: 'unknown_recipient' } },
  ]);
});

test('an answer is delivered although the process crashed right after committing it', async () => {
  const { testProcess, address } = await startTalker();
  testProcess.transport.send = () => new Promise(() => {});
  const receive = testProcess.host.receive({
    ...testProcess.envelope(address, { type: 'ask', n: 1 }),
    kind: 'ask',
    from: 'door/mine',
    id: 'q1',
  });
  await receive;
  testProcess.crash();
  const received: unknown[] = [];
  testProcess.transport.listen('door/mine', async ({ body, correlation }) => void received.push({ body, correlation }));
  await testProcess.host.resume('r1', talkerType);
  await settle();
  expect(received).toEqual([{ body: { n: 2 }, correlation: 'q1' }]);
});

test('an ask that breaks the machine is answered with the failure, although the process crashed right after committing it', async () => {
  const { testProcess, address } = await startTalker();
  testProcess.transport.send = () => new Promise(() => {});
  const ask = {
    ...testProcess.envelope(address, { type: 'broken' }),
    kind: 'ask',
    from: 'door/mine',
    id: 'q1',
  } as const;
  await testProcess.host.receive(ask).catch(() => {});
  testProcess.crash();
  const received: unknown[] = [];
  testProcess.transport.listen('door/mine', async ({ kind, body, correlation }) => {
    received.push({ kind, body, correlation });
  });
  await testProcess.host.resume('r1', talkerType);
  await settle();
  const answer = {
    kind: 'failure',
    body: { failure: expect.objectContaining({ kind: 'capability', message: 'cannot do that' }) as object },
    correlation: 'q1',
  };
  expect(received).toEqual([answer]);
  // Whoever asks again gets the same answer, and the machine is not broken again.
  await testProcess.host.receive(ask);
  await settle();
  expect(received).toEqual([answer, answer]);
  expect(await testProcess.journal.list(address, 'dead')).toHaveLength(1);
});

test.each(['resume', 'fresh'] as const)(
  'whoever asks a child and breaks it has the failure at once: it is restarted (%s), and ends when it may not be again',
  async (restart) => {
    const homeType = type(
      setup({ actors: { talker } }).createMachine({
        id: 'home',
        initial: 'on',
        states: { on: { invoke: { src: 'talker', id: 'talker', onError: 'off' } }, off: {} },
      }),
      { supervise: { restart, maxRestarts: 1 } },
    );
    const testProcess = new TestProcess();
    await testProcess.start(homeType);
    const address = await testProcess.find('talker/');
    const asked = { kind: 'ask', from: 'door/mine' } as const;
    const outcomes: unknown[] = [];
    for (let time = 0; time < 3; time++) {
      void testProcess.transport
        .send({ ...testProcess.envelope(address, { type: 'broken' }), ...asked })
        .then(() => 'taken')
        .catch((thrown: unknown) => (thrown as TroupeError).kind)
        .then((outcome) => outcomes.push(outcome));
      await settle();
    }
    // Two failures, of which the second ends it; the third finds nobody.
    expect(outcomes).toEqual(['capability', 'capability', 'conflict']);
    expect((await testProcess.row(address)).status).toBe('failed');
  },
);

test('whoever asks a child and breaks it while its parent lets it go has an error as well', async () => {
  const homeType = type(
    setup({ types: {} as { events: { type: 'go' } }, actors: { talker } }).createMachine({
      id: 'home',
      initial: 'on',
      states: { on: { invoke: { src: 'talker', id: 'talker' }, on: { go: 'off' } }, off: {} },
    }),
  );
  const testProcess = new TestProcess();
  const home = await testProcess.start(homeType);
  const address = await testProcess.find('talker/');
  const released = deferred();
  const { journal } = testProcess;
  const handled = journal.handled.bind(journal);
  journal.handled = async (...args) => (await released.promise, handled(...args));
  const asked = testProcess.transport.send({
    ...testProcess.envelope(address, { type: 'broken' }),
    kind: 'ask',
    from: 'door/mine',
  });
  const outcome = expect(asked).rejects.toMatchObject({ kind: 'fenced' });
  await settle();
  await testProcess.signal(home, { type: 'go' });
  released.resolve();
  await outcome;
  expect((await testProcess.row(address)).status).toBe('stopped');
});
