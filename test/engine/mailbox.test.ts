/** E10: mailboxes are bounded; the actor type declares what happens when one is full; no message is lost without an error. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';
import type { MailboxPolicy } from '../../src/core/actorType.ts';

const listener = setup({
  types: {} as { context: { received: string[] }; events: Signal },
  actions: { hear: assign({ received: ({ context, event }) => [...context.received, String(event.word)] }) },
}).createMachine({ id: 'listener', context: { received: [] }, on: { say: { actions: 'hear' } } });

/** Sends words to an actor whose first commit is held up, so that the others fill its mailbox. */
async function sendToBusyActor(policy: MailboxPolicy, words: string[]) {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(listener, { mailbox: policy }));
  const commit = testProcess.journal.commit.bind(testProcess.journal);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  testProcess.journal.commit = async (...args) => (await held, commit(...args));
  const sent = words.map((word) =>
    testProcess.signal(address, { type: 'say', word }).then(
      () => word,
      ({ kind, retryable }: { kind: string; retryable: boolean }) =>
        `${word}: ${kind}${retryable ? ', try again' : ''}`,
    ),
  );
  await settle();
  go();
  return { outcomes: await Promise.all(sent), received: (await testProcess.row(address)).context.received };
}

const words = ['a', 'b', 'c', 'd', 'e'];

test('reject: a message to a full mailbox is refused with a retryable error', async () => {
  expect(await sendToBusyActor({ limit: 2, whenFull: 'reject' }, words)).toEqual({
    outcomes: ['a', 'b', 'c', 'd: mailbox_full, try again', 'e: mailbox_full, try again'],
    received: ['a', 'b', 'c'],
  });
});

test('drop-oldest: the newest messages are handled, and the senders of the dropped ones get an error that is not retryable', async () => {
  expect(await sendToBusyActor({ limit: 2, whenFull: 'drop-oldest' }, words)).toEqual({
    outcomes: ['a', 'b: mailbox_full', 'c: mailbox_full', 'd', 'e'],
    received: ['a', 'd', 'e'],
  });
});

test('block: every message is handled, in the order of arrival', async () => {
  expect(await sendToBusyActor({ limit: 2, whenFull: 'block' }, words)).toEqual({ outcomes: words, received: words });
});

test('a sender that waits for room in a mailbox gets an error when the process gives up the run', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(listener, { mailbox: { limit: 1, whenFull: 'block' } }));
  testProcess.journal.commit = () => new Promise(() => {});
  const sent = ['a', 'b', 'c'].map((word) => testProcess.signal(address, { type: 'say', word }));
  const outcome = Promise.allSettled(sent.slice(1));
  await settle();
  testProcess.host.abandon();
  expect(await outcome).toMatchObject([{ reason: { kind: 'fenced' } }, { reason: { kind: 'fenced' } }]);
});

test.each([
  ['its last message', (testProcess: TestProcess, address: string) => testProcess.signal(address, { type: 'finish' })],
  [
    'a stop',
    async (testProcess: TestProcess, address: string) => testProcess.host.actor(address)?.stop('no longer wanted'),
  ],
])(
  'whoever waits in the mailbox, or for room in it, while the actor ends by %s, gets an error: nothing is taken and lost',
  async (_, end) => {
    const testProcess = new TestProcess();
    const brief = setup({ types: {} as { events: Signal } }).createMachine({
      id: 'brief',
      initial: 'on',
      states: { on: { on: { finish: 'off', say: {} } }, off: { type: 'final' } },
    });
    const address = await testProcess.start(type(brief, { mailbox: { limit: 2, whenFull: 'block' } }));
    const commit = testProcess.journal.commit.bind(testProcess.journal);
    let go = () => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    testProcess.journal.commit = async (...args) => (await held, commit(...args));
    const first = testProcess.signal(address, { type: 'say' });
    await settle();
    const ending = end(testProcess, address);
    const waiting = Promise.allSettled(words.map((word) => testProcess.signal(address, { type: 'say', word })));
    await settle();
    go();
    await Promise.all([first, ending]);
    expect(await waiting).toMatchObject(words.map(() => ({ reason: { kind: 'conflict', retryable: false } })));
    expect((await testProcess.row(address)).status).not.toBe('active');
  },
);

test('an invalid mailbox limit is refused', () => {
  expect(() => type(listener, { mailbox: { limit: 0 } })).toThrow(
    'mailbox.limit must be a whole number, 1 or more; it is 0',
  );
  expect(() => type(listener, { supervise: { within: 0 } })).toThrow('supervise.within');
});
