/** Messages posted to the inbox of the journal reach their actor, whichever process owns the run and whenever it resumes it. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import type { Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';

const question = setup({
  types: {} as { context: { answer: string | null }; events: Signal; output: string | null },
  actions: { keep: assign({ answer: ({ event }) => String(event.answer) }) },
}).createMachine({
  id: 'question',
  context: { answer: null },
  initial: 'open',
  states: { open: { on: { answer: { target: 'answered', actions: 'keep' } } }, answered: { type: 'final' } },
  output: ({ context }) => context.answer,
});

const asker = type(
  setup({
    types: {} as { context: { heard: unknown[] }; events: Signal },
    actors: { question },
    actions: { keep: assign({ heard: ({ context, event }) => [...context.heard, event.output ?? event.word] }) },
  }).createMachine({
    id: 'asker',
    context: { heard: [] },
    initial: 'asking',
    on: { say: { actions: 'keep' } },
    states: {
      asking: {
        invoke: {
          src: 'question',
          id: 'question',
          onDone: { target: 'answered', actions: 'keep' },
          onError: 'answered',
        },
      },
      answered: {},
    },
  }),
);

test('an answer posted while no process has the run is taken when a process resumes it', async () => {
  const stage = new Stage();
  const address = await stage.start(asker);
  const ticket = await stage.find('question/');
  stage.host.abandon();
  await stage.process().host.post(stage.envelope(ticket, { type: 'answer', answer: 'yes' }, { run: 'wherever' }));
  await stage.resume(asker);
  expect((await stage.row(address)).context).toEqual({ heard: ['yes'] });
  expect(await stage.journal.mail('r1')).toEqual([]);
});

test('an answer posted by another process reaches the process that has the run', async () => {
  const stage = new Stage();
  const address = await stage.start(asker);
  await stage.process().host.post(stage.envelope(await stage.find('question/'), { type: 'answer', answer: 'yes' }));
  expect((await stage.row(address)).context).toEqual({ heard: [] });
  await stage.advance(250);
  expect((await stage.row(address)).context).toEqual({ heard: ['yes'] });
});

test('an answer posted in the process that has the run is handled before post() resolves', async () => {
  const stage = new Stage();
  await stage.start(asker);
  const ticket = await stage.find('question/');
  await stage.host.post(stage.envelope(ticket, { type: 'answer', answer: 'yes' }));
  expect((await stage.row(ticket)).status).toBe('done');
});

test('a second answer to a ticket is a conflict', async () => {
  const stage = new Stage();
  await stage.start(asker);
  const ticket = await stage.find('question/');
  await stage.host.post(stage.envelope(ticket, { type: 'answer', answer: 'yes' }));
  await expect(stage.host.post(stage.envelope(ticket, { type: 'answer', answer: 'no' }))).rejects.toMatchObject({
    kind: 'conflict',
    data: { status: 'done' },
  });
  await expect(stage.host.post(stage.envelope('question/nobody', { type: 'answer' }))).rejects.toMatchObject({
    kind: 'unknown_recipient',
  });
});

test('of two answers posted at once, one counts and the other becomes a dead letter', async () => {
  const stage = new Stage();
  const address = await stage.start(asker);
  const ticket = await stage.find('question/');
  const { host } = stage.process();
  await Promise.all(['yes', 'no'].map((answer) => host.post(stage.envelope(ticket, { type: 'answer', answer }))));
  await stage.advance(250);
  expect((await stage.row(address)).context).toEqual({ heard: ['yes'] });
  expect(stage.dead()).toMatchObject([{ actor: ticket, failure: { kind: 'conflict' } }]);
  expect(await stage.journal.mail('r1')).toEqual([]);
});

test('the same message posted twice and sent once, all at the same time, counts once and leaves no dead letter', async () => {
  const stage = new Stage();
  const address = await stage.start(asker);
  const letter = stage.envelope(address, { type: 'say', word: 'hello' }, { id: 'l1' });
  await Promise.all([stage.host.post(letter), stage.host.post(letter), stage.transport.send(letter)]);
  await stage.advance(1_000);
  expect((await stage.row(address)).context).toEqual({ heard: ['hello'] });
  expect(stage.dead()).toEqual([]);
  expect(await stage.journal.mail('r1')).toEqual([]);
});

test('a message in the inbox that the actor does not handle becomes a dead letter with the reason', async () => {
  const stage = new Stage();
  const address = await stage.start(asker);
  await stage.host.post(stage.envelope(address, { type: 'odd' }));
  expect(stage.dead()).toMatchObject([
    { actor: address, message: { type: 'odd' }, failure: { kind: 'unknown_message' } },
  ]);
  expect(await stage.journal.mail('r1')).toEqual([]);
});

test('messages in the inbox are handled in the order they were posted, also when the mailbox is small', async () => {
  const stage = new Stage();
  const small = type(asker.chart.machine, { mailbox: { limit: 1 }, name: 'asker' });
  const address = await stage.start(small);
  for (const word of ['a', 'b', 'c', 'd'])
    await stage.process().host.post(stage.envelope(address, { type: 'say', word }));
  await stage.advance(250);
  await stage.advance(250);
  await settle();
  expect((await stage.row(address)).context).toEqual({ heard: ['a', 'b', 'c', 'd'] });
});
