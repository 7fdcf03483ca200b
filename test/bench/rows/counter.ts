/** The actor that rows ask: it adds, and answers with the sum. */
import type { MessageMeta } from '../../../machines/slot.ts';
import type { Scope } from '../row.ts';

/** Its messages, its machine and its type, in a build. */
export async function counterIn(load: Scope['load']) {
  const { assign, setup } = await import('xstate');
  const z = await import('zod');
  const { protocol } = await load('src/contracts/protocol');
  const { engineActions } = await load('machines/index');
  const { actorType } = await load('src/engine/nodePlatform');
  const body = z.object({ n: z.number() });
  const machine = setup({
    types: {} as { context: { n: number }; events: { type: 'add'; body: { n: number }; meta: MessageMeta } },
    actions: { ...engineActions, add: assign({ n: ({ context, event }) => context.n + event.body.n }) },
  }).createMachine({
    id: 'counter',
    context: { n: 0 },
    on: {
      add: {
        actions: [
          'add',
          { type: 'reply', params: ({ event, context }) => ({ ask: event.meta, type: 'sum', body: { n: context.n } }) },
        ],
      },
    },
  });
  return {
    messages: protocol({ add: { body, replies: ['sum'] }, sum: { body } }),
    type: actorType(machine, { handles: { add: body } }),
  };
}

/** A journal in memory that keeps of each actor only what loading it needs, as if the rest were on disk. */
export async function forgettingJournal(load: Scope['load']) {
  const { memory } = await load('src/journal/memory/memory');
  return {
    ...memory(),
    commit: async () => {},
    commitAll: async () => {},
    record: async () => {},
    find: async () => [],
    handled: async () => undefined,
  };
}
