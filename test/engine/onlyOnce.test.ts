/** E1: a message changes an actor's state at most once, however often it is delivered. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import * as z from 'zod';
import { protocol } from '../../src/contracts/protocol.ts';
import { ReplyChannel } from '../../src/engine/ref.ts';
import { engineActions, type MessageMeta } from '../../machines/slot.ts';
import { settle, Stage, type } from './testProcess.ts';

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
  const stage = new Stage();
  const address = await stage.start(counterType);
  const add = stage.envelope(address, { type: 'add', n: 2 }, { id: 'm1', kind: 'tell' });
  await stage.transport.send(add);
  await stage.transport.send(add);
  await Promise.all([stage.transport.send(add), stage.transport.send(add)]);
  expect((await stage.row(address)).context).toEqual({ sum: 2 });
});

test('the same message delivered again after a crash counts once', async () => {
  const stage = new Stage();
  const address = await stage.start(counterType);
  const add = stage.envelope(address, { type: 'add', n: 2 }, { id: 'm1', kind: 'tell' });
  await stage.transport.send(add);
  await stage.resume(counterType);
  await stage.transport.send(add);
  expect((await stage.row(address)).context).toEqual({ sum: 2 });
});

test('another message with a used id is a conflict, and changes nothing', async () => {
  const stage = new Stage();
  const address = await stage.start(counterType);
  await stage.transport.send(stage.envelope(address, { type: 'add', n: 2 }, { id: 'm1', kind: 'tell' }));
  const other = stage.envelope(address, { type: 'add', n: 3 }, { id: 'm1', kind: 'tell' });
  await expect(stage.transport.send(other)).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('Use a new id') as string,
  });
  expect((await stage.row(address)).context).toEqual({ sum: 2 });
});

test('a message with its keys in another order is the same message', async () => {
  const stage = new Stage();
  const address = await stage.start(type(counter));
  await stage.transport.send(stage.envelope(address, { type: 'add', n: 2, note: 'x' }, { id: 'm1', kind: 'tell' }));
  await stage.transport.send(stage.envelope(address, { type: 'add', note: 'x', n: 2 }, { id: 'm1', kind: 'tell' }));
  expect((await stage.row(address)).context).toEqual({ sum: 2 });
});

test('a repeated ask gets the same answer: in a later state, after a crash, and after the actor has ended', async () => {
  const stage = new Stage();
  const address = await stage.start(counterType);
  const ask = (id: string) =>
    new ReplyChannel(stage.transport, stage.clock).ref(Counting, address, 'r1').ask('add', { n: 2 }, { id });
  expect(await ask('q1')).toEqual({ type: 'sum', body: { sum: 2 } });
  expect(await ask('q1')).toEqual({ type: 'sum', body: { sum: 2 } });
  await stage.resume(counterType);
  expect(await ask('q1')).toEqual({ type: 'sum', body: { sum: 2 } });

  const close = () =>
    new ReplyChannel(stage.transport, stage.clock).ref(Counting, address, 'r1').ask('close', {}, { id: 'q2' });
  expect(await close()).toEqual({ type: 'sum', body: { sum: 2 } });
  expect((await stage.row(address)).status).toBe('done');
  expect(await close()).toEqual({ type: 'sum', body: { sum: 2 } });
  await stage.resume(counterType);
  expect(await close()).toEqual({ type: 'sum', body: { sum: 2 } });
  expect(stage.commits(address)).toHaveLength(3);
});

test('the same ask sent twice at once is answered both times', async () => {
  const stage = new Stage();
  const address = await stage.start(counterType);
  const ref = new ReplyChannel(stage.transport, stage.clock).ref(Counting, address, 'r1');
  const answers = await Promise.all([ref.ask('add', { n: 2 }, { id: 'q' }), ref.ask('add', { n: 2 }, { id: 'q' })]);
  expect(answers).toEqual([
    { type: 'sum', body: { sum: 2 } },
    { type: 'sum', body: { sum: 2 } },
  ]);
});

test('an event that the machine has no transition for in its state is refused with the name of the state, and may be sent again later', async () => {
  const stage = new Stage();
  const address = await stage.start(counterType);
  const odd = stage.envelope(address, { type: 'odd' }, { id: 'm1' });
  await expect(stage.transport.send(odd)).rejects.toMatchObject({
    kind: 'unknown_message',
    data: { state: 'counting' },
    message: expect.stringContaining('"counting"') as string,
  });
  expect(stage.commits(address)).toHaveLength(1);
});

test('an event that a state declares and ignores is accepted', async () => {
  const ignoring = setup({ types: {} as { events: { type: 'hush' } } }).createMachine({
    id: 'ignoring',
    initial: 'calm',
    states: { calm: { on: { hush: {} } } },
  });
  const stage = new Stage();
  const address = await stage.start(type(ignoring));
  await stage.signal(address, { type: 'hush' });
  expect(stage.commits(address)).toHaveLength(2);
});

test('a run started twice at once is one run', async () => {
  const stage = new Stage();
  const [a, b] = await Promise.all([
    stage.host.start(counterType, { run: 'r1', input: null }),
    stage.host.start(counterType, { run: 'r1', input: null }),
  ]);
  await settle();
  expect(a).toBe(b);
  expect(stage.commits(a)).toHaveLength(1);
});
