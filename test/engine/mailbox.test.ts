/** E10: mailboxes are bounded; the actor type declares what happens when one is full; no message is lost without an error. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import type { Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';
import type { MailboxPolicy } from '../../src/core/actorType.ts';

const listener = setup({
  types: {} as { context: { heard: string[] }; events: Signal },
  actions: { hear: assign({ heard: ({ context, event }) => [...context.heard, String(event.word)] }) },
}).createMachine({ id: 'listener', context: { heard: [] }, on: { say: { actions: 'hear' } } });

/** Sends words to an actor whose first commit is held up, so that the others fill its mailbox. */
async function crowd(policy: MailboxPolicy, words: string[]) {
  const stage = new Stage();
  const address = await stage.start(type(listener, { mailbox: policy }));
  const commit = stage.journal.commit.bind(stage.journal);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  stage.journal.commit = async (...args) => (await held, commit(...args));
  const sent = words.map((word) =>
    stage.signal(address, { type: 'say', word }).then(
      () => word,
      ({ kind, retryable }: { kind: string; retryable: boolean }) =>
        `${word}: ${kind}${retryable ? ', try again' : ''}`,
    ),
  );
  await settle();
  go();
  return { said: await Promise.all(sent), heard: (await stage.row(address)).context.heard };
}

const words = ['a', 'b', 'c', 'd', 'e'];

test('reject: a message to a full mailbox is refused with a retryable error', async () => {
  expect(await crowd({ limit: 2, whenFull: 'reject' }, words)).toEqual({
    said: ['a', 'b', 'c', 'd: mailbox_full, try again', 'e: mailbox_full, try again'],
    heard: ['a', 'b', 'c'],
  });
});

test('drop-oldest: the newest messages are handled, and the senders of the dropped ones get an error that is not retryable', async () => {
  expect(await crowd({ limit: 2, whenFull: 'drop-oldest' }, words)).toEqual({
    said: ['a', 'b: mailbox_full', 'c: mailbox_full', 'd', 'e'],
    heard: ['a', 'd', 'e'],
  });
});

test('block: every message is handled, in the order of arrival', async () => {
  expect(await crowd({ limit: 2, whenFull: 'block' }, words)).toEqual({ said: words, heard: words });
});

test('a sender that waits for room in a mailbox gets an error when the process gives up the run', async () => {
  const stage = new Stage();
  const address = await stage.start(type(listener, { mailbox: { limit: 1, whenFull: 'block' } }));
  stage.journal.commit = () => new Promise(() => {});
  const sent = ['a', 'b', 'c'].map((word) => stage.signal(address, { type: 'say', word }));
  const outcome = Promise.allSettled(sent.slice(1));
  await settle();
  stage.host.abandon();
  expect(await outcome).toMatchObject([{ reason: { kind: 'fenced' } }, { reason: { kind: 'fenced' } }]);
});

test('an invalid mailbox limit is refused', () => {
  expect(() => type(listener, { mailbox: { limit: 0 } })).toThrow(
    'mailbox.limit must be a whole number, 1 or more; it is 0',
  );
  expect(() => type(listener, { supervise: { within: 0 } })).toThrow('supervise.within');
});
