/** E1: a message changes an actor's state at most once, however often it is delivered. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import * as z from 'zod';
import { protocol } from '../../src/contracts/protocol.ts';
import { ReplyChannel } from '../../src/engine/ref.ts';
import { engineActions, type MessageMeta } from '../../machines/slot.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const Counting = protocol({
  add: { body: z.object({ n: z.number() }), replies: ['sum'] },
  close: { body: z.object({}), replies: ['sum'] },
  sum: { body: z.object({ sum: z.number() }) },
});

interface Add {
  type: 'add' | 'close';
  body: { n?: number };
  meta: MessageMeta;
}

const counter = setup({
  types: {} as { context: { sum: number }; events: Add },
  actions: {
    ...engineActions,
    add: assign({ sum: ({ context, event }) => context.sum + (event.body.n ?? 0) }),
  },
}).createMachine({
  id: 'counter',
  context: { sum: 0 },
  initial: 'counting',
  states: {
    counting: {
      on: {
        add: {
          target: 'counted',
          actions: [
            'add',
            {
              type: 'reply',
              params: ({ event, context }) => ({ ask: event.meta, type: 'sum', body: { sum: context.sum } }),
            },
          ],
        },
        close: {
          target: 'closed',
          actions: {
            type: 'reply',
            params: ({ event, context }) => ({ ask: event.meta, type: 'sum', body: { sum: context.sum } }),
          },
        },
      },
    },
    counted: {
      on: {
        add: { actions: 'add' },
        close: {
          target: 'closed',
          actions: {
            type: 'reply',
            params: ({ event, context }) => ({ ask: event.meta, type: 'sum', body: { sum: context.sum } }),
          },
        },
      },
    },
    closed: { type: 'final' },
  },
});
const counterType = type(counter, { handles: { add: z.object({ n: z.number() }), close: z.object({}) } });

test('the same message delivered twice counts once', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counterType);
  const add = testProcess.envelope(address, { type: 'add', n: 2 }, { id: 'm1', kind: 'tell' });
  await testProcess.transport.send(add);
  await testProcess.transport.send(add);
  await Promise.all([testProcess.transport.send(add), testProcess.transport.send(add)]);
  expect((await testProcess.row(address)).context).toEqual({ sum: 2 });
});

test('the same message delivered again after a crash counts once', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counterType);
  const add = testProcess.envelope(address, { type: 'add', n: 2 }, { id: 'm1', kind: 'tell' });
  await testProcess.transport.send(add);
  await testProcess.resume(counterType);
  await testProcess.transport.send(add);
  expect((await testProcess.row(address)).context).toEqual({ sum: 2 });
});

test('another message with a used id is a conflict, and changes nothing', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counterType);
  await testProcess.transport.send(testProcess.envelope(address, { type: 'add', n: 2 }, { id: 'm1', kind: 'tell' }));
  const other = testProcess.envelope(address, { type: 'add', n: 3 }, { id: 'm1', kind: 'tell' });
  await expect(testProcess.transport.send(other)).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('Use a new id') as string,
  });
  expect((await testProcess.row(address)).context).toEqual({ sum: 2 });
});

test('a message with its keys in another order is the same message', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(counter));
  await testProcess.transport.send(
    testProcess.envelope(address, { type: 'add', n: 2, note: 'x' }, { id: 'm1', kind: 'tell' }),
  );
  await testProcess.transport.send(
    testProcess.envelope(address, { type: 'add', note: 'x', n: 2 }, { id: 'm1', kind: 'tell' }),
  );
  expect((await testProcess.row(address)).context).toEqual({ sum: 2 });
});

test('a repeated ask gets the same answer: in a later state, after a crash, and after the actor has ended', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counterType);
  const ask = (id: string) =>
    new ReplyChannel(testProcess.transport, testProcess.clock)
      .ref(Counting, address, 'r1')
      .ask('add', { n: 2 }, { id });
  expect(await ask('q1')).toEqual({ type: 'sum', body: { sum: 2 } });
  expect(await ask('q1')).toEqual({ type: 'sum', body: { sum: 2 } });
  await testProcess.resume(counterType);
  expect(await ask('q1')).toEqual({ type: 'sum', body: { sum: 2 } });

  const close = () =>
    new ReplyChannel(testProcess.transport, testProcess.clock)
      .ref(Counting, address, 'r1')
      .ask('close', {}, { id: 'q2' });
  expect(await close()).toEqual({ type: 'sum', body: { sum: 2 } });
  expect((await testProcess.row(address)).status).toBe('done');
  expect(await close()).toEqual({ type: 'sum', body: { sum: 2 } });
  await testProcess.resume(counterType);
  expect(await close()).toEqual({ type: 'sum', body: { sum: 2 } });
  expect(testProcess.commits(address)).toHaveLength(3);
});

test('the same ask sent twice at once is answered both times', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counterType);
  const ref = new ReplyChannel(testProcess.transport, testProcess.clock).ref(Counting, address, 'r1');
  const answers = await Promise.all([ref.ask('add', { n: 2 }, { id: 'q' }), ref.ask('add', { n: 2 }, { id: 'q' })]);
  expect(answers).toEqual([
    { type: 'sum', body: { sum: 2 } },
    { type: 'sum', body: { sum: 2 } },
  ]);
});

test('an event that the machine has no transition for in its state is refused with the name of the state, and may be sent again later', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counterType);
  const odd = testProcess.envelope(address, { type: 'odd' }, { id: 'm1' });
  await expect(testProcess.transport.send(odd)).rejects.toMatchObject({
    kind: 'unknown_message',
    data: { state: 'counting' },
    message: expect.stringContaining('"counting"') as string,
  });
  expect(testProcess.commits(address)).toHaveLength(1);
});

test('an event that a state declares and ignores is accepted', async () => {
  const ignoring = setup({ types: {} as { events: { type: 'hush' } } }).createMachine({
    id: 'ignoring',
    initial: 'calm',
    states: { calm: { on: { hush: {} } } },
  });
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(ignoring));
  await testProcess.signal(address, { type: 'hush' });
  expect(testProcess.commits(address)).toHaveLength(2);
});

test('a run started twice at once is one run', async () => {
  const testProcess = new TestProcess();
  const [a, b] = await Promise.all([
    testProcess.host.start(counterType, { run: 'r1', input: null }),
    testProcess.host.start(counterType, { run: 'r1', input: null }),
  ]);
  await settle();
  expect(a).toBe(b);
  expect(testProcess.commits(a)).toHaveLength(1);
});
