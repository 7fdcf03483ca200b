/** Asks to a user's machine from outside, with the messages of a protocol. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import * as z from 'zod';
import { machine, openRuntime, protocol } from 'troupe';
import { engineActions, type MessageMeta } from 'troupe/machines';
import { memory } from '../../src/journal/memory/memory.ts';

const Counting = protocol({
  add: { body: z.number(), replies: ['sum'] },
  sum: { body: z.number() },
});
const counter = machine(
  setup({
    types: {} as { context: { n: number }; events: { type: 'add'; body: number; meta: MessageMeta } },
    actions: { ...engineActions, add: assign({ n: ({ context, event }) => context.n + event.body }) },
  }).createMachine({
    id: 'counter',
    context: { n: 0 },
    on: {
      add: {
        actions: [
          'add',
          {
            type: 'reply',
            params: ({ context, event }) => ({ ask: event.meta, type: 'sum', body: context.n }),
          },
        ],
      },
    },
  }),
  { handles: { add: Counting.messages.add.body } },
);

test('the same ask is answered once, also by the next process, and an invalid ask changes nothing', async () => {
  const journal = memory();
  await using first = await openRuntime({ journal });
  const asked = (await first.start(counter, null, { key: 'c1' })).ref(Counting);
  expect(await asked.ask('add', 2, { id: 'one' })).toEqual({ type: 'sum', body: 2 });
  expect(await asked.ask('add', 2, { id: 'one' })).toEqual({ type: 'sum', body: 2 });
  await expect(asked.ask('add', 'two' as never)).rejects.toMatchObject({ kind: 'invalid' });
  await first.close();

  await using second = await openRuntime({ journal });
  const again = (await second.resume('c1', counter)).ref(Counting);
  expect(await again.ask('add', 2, { id: 'one' })).toEqual({ type: 'sum', body: 2 });
  expect(await again.ask('add', 3)).toEqual({ type: 'sum', body: 5 });
});

test('an ask that is pending when the runtime closes is rejected', async () => {
  const journal = memory();
  const runtime = await openRuntime({ journal });
  const ref = (await runtime.start(counter, null, { key: 'c2' })).ref(Counting);
  await ref.ask('add', 1);
  const late = runtime.close().then(() => ref.ask('add', 1));
  await expect(late).rejects.toMatchObject({ name: 'TroupeError' });
});
