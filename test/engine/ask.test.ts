/** An ask from outside: typed, with a deadline, and always settled: answered, refused or timed out. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import * as z from 'zod';
import { engineActions, type MessageMeta } from '../../machines/slot.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { protocol, type Protocol } from '../../src/contracts/protocol.ts';
import { ReplyChannel } from '../../src/engine/ref.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { deferred } from '../deferred.ts';
import { settle, Stage, type } from './testProcess.ts';

const Talk = protocol({
  ask: { body: z.object({ n: z.number() }), replies: ['answer'] },
  answer: { body: z.object({ n: z.number() }) },
  note: { body: z.object({ text: z.string() }) },
  other: { body: z.object({}) },
  wrong: { body: z.object({}), replies: ['answer'] },
  broken: { body: z.object({}), replies: ['answer'] },
  silent: { body: z.object({}), replies: ['answer'] },
  failing: { body: z.object({}), replies: ['answer'] },
});

interface Said {
  type: 'ask' | 'note' | 'wrong' | 'broken' | 'silent' | 'failing';
  body: { n: number };
  meta: MessageMeta;
}

const talker = setup({
  types: {} as { context: { asked: MessageMeta | null }; events: Said },
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
const said = z.object({});
const talkerType = type(talker, {
  handles: {
    ask: z.object({ n: z.number() }),
    note: z.object({ text: z.string() }),
    wrong: said,
    broken: said,
    silent: said,
    failing: said,
  },
});

async function talk() {
  const stage = new Stage();
  const address = await stage.start(talkerType);
  const door = new ReplyChannel(stage.transport, stage.clock);
  return { stage, address, door, ref: door.ref(Talk, address, 'r1') };
}

test('an ask is answered; a tell resolves when it is committed', async () => {
  const { ref, stage, address } = await talk();
  expect(await ref.ask('ask', { n: 1 })).toEqual({ type: 'answer', body: { n: 2 } });
  await ref.tell('note', { text: 'hello' });
  expect(stage.commits(address).at(-1)!.event).toMatchObject({ type: 'note', body: { text: 'hello' } });
});

test('an answer that is delayed in the transport does not delay other answers to the same caller', async () => {
  const way = inProcess();
  const gate = deferred();
  const transport: Transport = {
    ...way,
    async send(envelope) {
      if (envelope.correlation === 'q1') await gate.promise;
      await way.send(envelope);
    },
  };
  const stage = new Stage({ transport });
  const ref = new ReplyChannel(transport, stage.clock).ref(Talk, await stage.start(talkerType), 'r1');
  const first = ref.ask('ask', { n: 1 }, { id: 'q1' });
  expect(await ref.ask('ask', { n: 2 })).toEqual({ type: 'answer', body: { n: 3 } });
  gate.resolve();
  expect(await first).toEqual({ type: 'answer', body: { n: 2 } });
});

test('an ask rejects with the failure that the actor replies', async () => {
  const { ref } = await talk();
  await expect(ref.ask('failing', {})).rejects.toMatchObject({ kind: 'denied', message: 'not today' });
});

test('an ask rejects with the error that the machine throws', async () => {
  const { ref, stage, address } = await talk();
  await expect(ref.ask('broken', {})).rejects.toMatchObject({ kind: 'capability', message: 'cannot do that' });
  expect((await stage.row(address)).status).toBe('active');
});

test('an ask without an answer rejects at its deadline, and the message says how to ask again', async () => {
  const { ref, stage } = await talk();
  const answer = expect(ref.ask('silent', {}, { within: 1_000, id: 'q1' })).rejects.toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('Ask again with id q1') as string,
  });
  await settle();
  await stage.advance(1_000);
  await answer;
});

test('a reply that the protocol does not allow is refused, and the message names the allowed replies', async () => {
  const { ref } = await talk();
  await expect(ref.ask('wrong', {})).rejects.toMatchObject({
    kind: 'unknown_message',
    message: expect.stringContaining('may be answered by answer') as string,
  });
});

test('an untyped caller gets an error that names what is wrong, and changes nothing', async () => {
  const { door, address, stage } = await talk();
  const ref = door.ref(
    Talk as unknown as Protocol<Record<string, { body: z.ZodType; replies: readonly string[] }>>,
    address,
    'r1',
  );
  await expect(ref.ask('ask', { n: 'one' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('at "n": expected number') as string,
  });
  await expect(ref.ask('nothing', {})).rejects.toMatchObject({ name: expect.stringMatching(/Error/) as string });
  await expect(door.ref(Talk, 'talker/nobody', 'r1').ask('ask', { n: 1 })).rejects.toMatchObject({
    kind: 'unknown_recipient',
  });
  const raw = (kind: 'ask' | 'tell', name: string, body: object) =>
    stage.transport.send(stage.envelope(address, { type: name, ...body }, { kind }));
  await expect(raw('tell', 'ask', { n: 'one' })).rejects.toMatchObject({
    kind: 'invalid',
    data: { type: 'ask' },
    message: expect.stringContaining('at "n"') as string,
  });
  await expect(raw('ask', 'unheard', {})).rejects.toMatchObject({
    kind: 'unknown_message',
    message: expect.stringContaining('takes "ask", "note"') as string,
  });
  await expect(stage.transport.send({ ...stage.envelope(address, { type: 'ask' }), id: '' })).rejects.toMatchObject({
    kind: 'invalid',
  });
  expect(stage.commits(address)).toHaveLength(1);
});

test('signals are checked against their schema', async () => {
  const stage = new Stage();
  const light = setup({ types: {} as { events: { type: 'turn'; to: 'on' | 'off' } } }).createMachine({
    id: 'light',
    initial: 'off',
    states: { off: { on: { turn: 'on' } }, on: {} },
  });
  const address = await stage.start(
    type(light, { signals: z.object({ type: z.literal('turn'), to: z.enum(['on', 'off']) }) }),
  );
  await expect(stage.signal(address, { type: 'turn', to: 'red' })).rejects.toMatchObject({ kind: 'invalid' });
  await stage.signal(address, { type: 'turn', to: 'on' });
  expect((await stage.row(address)).state).toBe('on');
});

test('a reply to a caller that is gone becomes a dead letter', async () => {
  const { door, address, stage } = await talk();
  void door
    .ref(Talk, address, 'r1')
    .ask('ask', { n: 1 })
    .catch(() => {});
  door[Symbol.dispose]();
  await settle();
  expect(stage.dead()).toMatchObject([
    { actor: door.address, message: { type: 'answer', from: address }, failure: { kind: 'unknown_recipient' } },
  ]);
});

test('an answer is delivered although the process crashed right after committing it', async () => {
  const { stage, address } = await talk();
  stage.transport.send = () => new Promise(() => {});
  const receive = stage.host.receive({
    ...stage.envelope(address, { type: 'ask', n: 1 }),
    kind: 'ask',
    from: 'door/mine',
    id: 'q1',
  });
  await receive;
  stage.crash();
  const heard: unknown[] = [];
  stage.transport.listen('door/mine', async ({ body, correlation }) => void heard.push({ body, correlation }));
  await stage.host.resume('r1', talkerType);
  await settle();
  expect(heard).toEqual([{ body: { n: 2 }, correlation: 'q1' }]);
});
