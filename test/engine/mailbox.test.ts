/** E10: mailboxes are bounded; what happens when one is full is declared; nothing is lost in silence. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import type { Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';
import type { MailboxPolicy } from '../../src/core/actorType.ts';

const listener = setup({
  types: {} as { context: { heard: string[] }; events: Signal },
  actions: { hear: assign({ heard: ({ context, event }) => [...context.heard, String(event.word)] }) },
}).createMachine({ id: 'listener', context: { heard: [] }, on: { say: { actions: 'hear' } } });

/** Words said to a listener whose first commit is held up, so that the others pile up. */
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

test('reject: who comes to a full mailbox is told to come again', async () => {
  expect(await crowd({ limit: 2, whenFull: 'reject' }, words)).toEqual({
    said: ['a', 'b', 'c', 'd: mailbox_full, try again', 'e: mailbox_full, try again'],
    heard: ['a', 'b', 'c'],
  });
});

test('drop-oldest: the newest are heard, and who was dropped is told for good', async () => {
  expect(await crowd({ limit: 2, whenFull: 'drop-oldest' }, words)).toEqual({
    said: ['a', 'b: mailbox_full', 'c: mailbox_full', 'd', 'e'],
    heard: ['a', 'd', 'e'],
  });
});

test('block: everybody is heard, in the order they came', async () => {
  expect(await crowd({ limit: 2, whenFull: 'block' }, words)).toEqual({ said: words, heard: words });
});

test('who waits at the door of an actor whose process goes is told, and does not wait for ever', async () => {
  const stage = new Stage();
  const address = await stage.start(type(listener, { mailbox: { limit: 1, whenFull: 'block' } }));
  stage.journal.commit = () => new Promise(() => {});
  const sent = ['a', 'b', 'c'].map((word) => stage.signal(address, { type: 'say', word }));
  const outcome = Promise.allSettled(sent.slice(1));
  await settle();
  stage.host.abandon();
  expect(await outcome).toMatchObject([{ reason: { kind: 'fenced' } }, { reason: { kind: 'fenced' } }]);
});

test('a limit that is none is refused', () => {
  expect(() => type(listener, { mailbox: { limit: 0 } })).toThrow(
    'mailbox.limit must be a whole number, 1 or more; it is 0',
  );
  expect(() => type(listener, { supervise: { within: 0 } })).toThrow('supervise.within');
});
