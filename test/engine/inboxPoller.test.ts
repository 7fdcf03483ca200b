/** Messages posted to the inbox of the journal reach their actor, whichever process owns the run and whenever it resumes it. */
import { expect, test, vi } from 'vitest';
import { assign, setup } from 'xstate';
import type { Signal } from './machines.ts';
import { deferred } from '../deferred.ts';
import { TroupeError, type FailureKind } from '../../src/values/failure.ts';
import { settle, TestProcess, type } from './testProcess.ts';

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
    types: {} as { context: { received: unknown[] }; events: Signal },
    actors: { question },
    actions: { keep: assign({ received: ({ context, event }) => [...context.received, event.output ?? event.word] }) },
  }).createMachine({
    id: 'asker',
    context: { received: [] },
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
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  const ticket = await testProcess.find('question/');
  testProcess.host.abandon();
  await testProcess
    .startProcess()
    .host.post(testProcess.envelope(ticket, { type: 'answer', answer: 'yes' }, { run: 'wherever' }));
  await testProcess.resume(asker);
  expect((await testProcess.row(address)).context).toEqual({ received: ['yes'] });
  expect(await testProcess.journal.mail('r1')).toEqual([]);
});

test('a message that came from a reply channel and was sent again while no process has the run is taken when a process resumes it', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(asker);
  const ticket = await testProcess.find('question/');
  const answer = testProcess.envelope(ticket, { type: 'answer', answer: 'yes' }, { from: 'door/gone', kind: 'tell' });
  await testProcess.startProcess().host.post(answer);
  await testProcess.resume(asker);
  expect(testProcess.host.isIdle('r1')).toBe(true);
  expect(await testProcess.journal.mail('r1')).toEqual([]);
});

test('an answer posted by another process reaches the process that has the run', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  await testProcess
    .startProcess()
    .host.post(testProcess.envelope(await testProcess.find('question/'), { type: 'answer', answer: 'yes' }));
  expect((await testProcess.row(address)).context).toEqual({ received: [] });
  await testProcess.advance(250);
  expect((await testProcess.row(address)).context).toEqual({ received: ['yes'] });
});

test('an answer posted in the process that has the run is handled before post() resolves', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(asker);
  const ticket = await testProcess.find('question/');
  await testProcess.host.post(testProcess.envelope(ticket, { type: 'answer', answer: 'yes' }));
  expect((await testProcess.row(ticket)).status).toBe('done');
});

test('the journal is asked once for all runs of a process, and only for the messages of a run that has some', async () => {
  const testProcess = new TestProcess();
  const { journal } = testProcess;
  await testProcess.start(asker);
  for (let n = 0; n < 50; n++) await testProcess.start(asker, null, `more${n}`);
  const [mailed, mail] = [vi.spyOn(journal, 'mailed'), vi.spyOn(journal, 'mail')];
  await testProcess.advance(250);
  expect([mailed.mock.calls.length, mail.mock.calls.length]).toEqual([1, 0]);
  const [ticket] = (await journal.find({ run: 'more7' })).filter(({ parent }) => parent !== undefined);
  const answer = { type: 'answer', answer: 'yes' };
  await testProcess.startProcess().host.post(testProcess.envelope(String(ticket?.actor), answer, { run: 'more7' }));
  await testProcess.advance(250);
  expect(new Set(mail.mock.calls.flat())).toEqual(new Set(['more7']));
  expect(await journal.find({ run: 'more7', status: 'done' })).toHaveLength(1);
});

test('a second answer to a ticket is a conflict', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(asker);
  const ticket = await testProcess.find('question/');
  await testProcess.host.post(testProcess.envelope(ticket, { type: 'answer', answer: 'yes' }));
  await expect(
    testProcess.host.post(testProcess.envelope(ticket, { type: 'answer', answer: 'no' })),
  ).rejects.toMatchObject({
    kind: 'conflict',
    data: { status: 'done' },
  });
  await expect(
    testProcess.host.post(testProcess.envelope('question/unknown', { type: 'answer' })),
  ).rejects.toMatchObject({
    kind: 'unknown_recipient',
  });
});

test('of two answers posted at once, one counts and the other becomes a dead letter', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  const ticket = await testProcess.find('question/');
  const { host } = testProcess.startProcess();
  await Promise.all(['yes', 'no'].map((answer) => host.post(testProcess.envelope(ticket, { type: 'answer', answer }))));
  await testProcess.advance(250);
  expect((await testProcess.row(address)).context).toEqual({ received: ['yes'] });
  expect(testProcess.deadLetters()).toMatchObject([{ actor: ticket, failure: { kind: 'conflict' } }]);
  expect(await testProcess.journal.mail('r1')).toEqual([]);
});

test('the same message posted twice and sent once, all at the same time, counts once and leaves no dead letter', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  const message = testProcess.envelope(address, { type: 'say', word: 'hello' }, { id: 'l1' });
  await Promise.all([
    testProcess.host.post(message),
    testProcess.host.post(message),
    testProcess.transport.send(message),
  ]);
  await testProcess.advance(1_000);
  expect((await testProcess.row(address)).context).toEqual({ received: ['hello'] });
  expect(testProcess.deadLetters()).toEqual([]);
  expect(await testProcess.journal.mail('r1')).toEqual([]);
});

test('a message in the inbox that the actor does not handle becomes a dead letter with the reason', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  await testProcess.host.post(testProcess.envelope(address, { type: 'odd' }));
  expect(testProcess.deadLetters()).toMatchObject([
    { actor: address, message: { type: 'odd' }, failure: { kind: 'unknown_message' } },
  ]);
  expect(await testProcess.journal.mail('r1')).toEqual([]);
});

test('messages in the inbox are handled in the order they were posted, also when the mailbox is small', async () => {
  const testProcess = new TestProcess();
  const small = type(asker.chart.machine, { mailbox: { limit: 1 }, name: 'asker' });
  const address = await testProcess.start(small);
  for (const word of ['a', 'b', 'c', 'd'])
    await testProcess.startProcess().host.post(testProcess.envelope(address, { type: 'say', word }));
  await testProcess.advance(250);
  await testProcess.advance(250);
  await settle();
  expect((await testProcess.row(address)).context).toEqual({ received: ['a', 'b', 'c', 'd'] });
});

/** The host refuses the next message with this word, as an actor or the journal would. */
function refuseNext({ host }: TestProcess, word: string, kind: FailureKind) {
  const receive = host.receive.bind(host);
  let isOver = false;
  host.receive = async (envelope) => {
    if (isOver || (envelope.body as { word?: string }).word !== word) return receive(envelope);
    isOver = true;
    throw new TroupeError(kind, 'Not now.');
  };
}

test('a message that its actor cannot take for now is tried again; later ones for that actor wait behind it, those for others do not', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  const ticket = await testProcess.find('question/');
  refuseNext(testProcess, 'a', 'mailbox_full');
  const { host } = testProcess.startProcess();
  for (const word of ['a', 'b']) await host.post(testProcess.envelope(address, { type: 'say', word }));
  await host.post(testProcess.envelope(ticket, { type: 'answer', answer: 'yes' }));
  await testProcess.advance(250);
  expect((await testProcess.row(address)).context).toEqual({ received: ['yes'] });
  expect((await testProcess.journal.mail('r1')).map(({ body }) => body)).toEqual([{ word: 'a' }, { word: 'b' }]);
  await testProcess.advance(250);
  expect((await testProcess.row(address)).context).toEqual({ received: ['yes', 'a', 'b'] });
  expect(await testProcess.journal.mail('r1')).toEqual([]);
  expect(testProcess.deadLetters()).toEqual([]);
});

test('a process that finds while it hands in that the run is no longer its own leaves all messages to the owner', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  refuseNext(testProcess, 'a', 'fenced');
  const { host } = testProcess.startProcess();
  for (const word of ['a', 'b']) await host.post(testProcess.envelope(address, { type: 'say', word }));
  await testProcess.advance(250);
  expect(testProcess.deadLetters()).toEqual([]);
  expect(await testProcess.journal.mail('r1')).toHaveLength(2);
  await testProcess.resume(asker);
  expect((await testProcess.row(address)).context).toEqual({ received: ['a', 'b'] });
});

test('a message that is posted while others are handed in is handled before post() resolves', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(asker);
  const { promise: held, resolve: go } = deferred<void>();
  const { host } = testProcess;
  const receive = host.receive.bind(host);
  host.receive = async (envelope) => {
    if ((envelope.body as { word?: string }).word === 'a') await held;
    return receive(envelope);
  };
  const posts = [host.post(testProcess.envelope(address, { type: 'say', word: 'a' }))];
  await settle();
  posts.push(host.post(testProcess.envelope(address, { type: 'say', word: 'b' })));
  await settle();
  go();
  await Promise.all(posts);
  expect((await testProcess.row(address)).context).toEqual({ received: ['a', 'b'] });
});
