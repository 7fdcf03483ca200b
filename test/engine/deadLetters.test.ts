/** A message that no actor takes is kept once as a dead letter, with the reason, also when the process crashes meanwhile. */
import { expect, test } from 'vitest';
import { sendTo, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { engineActions } from '../../machines/slot.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

/** Sends a message to an actor that does not exist: on `tell`, or on `end` as its last action. */
const writer = type(
  setup({
    types: {} as { events: Signal },
    actors: { deaf: effect(() => new Promise<Json>(() => {})) },
    actions: { ...engineActions, shout: sendTo('deaf', { type: 'hello' }) },
  }).createMachine({
    id: 'writer',
    initial: 'writing',
    invoke: { src: 'deaf', id: 'deaf', onError: '.over' },
    states: {
      writing: {
        on: {
          tell: { actions: tellUnknown() },
          end: { target: 'over', actions: tellUnknown() },
          shout: { actions: 'shout' },
        },
      },
      over: { type: 'final' },
    },
  }),
);

function tellUnknown() {
  return { type: 'tell' as const, params: { to: 'agent/gone', type: 'note', body: { text: 'hi' } } };
}

const storedDeadLetters = (testProcess: TestProcess, actor = 'writer/r1') => testProcess.journal.list(actor, 'dead');
const note = {
  type: 'note',
  from: 'writer/r1',
  to: 'agent/gone',
  body: { text: 'hi' },
  failure: { kind: 'unknown_recipient' },
};

test('a message to an unknown actor is kept by the root of the run, and is not sent again after a crash', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(writer);
  await testProcess.signal('writer/r1', { type: 'tell' });
  expect(await storedDeadLetters(testProcess)).toMatchObject([{ ...note, at: testProcess.clock.now() }]);
  await testProcess.resume(writer);
  expect(await storedDeadLetters(testProcess)).toHaveLength(1);
  expect(testProcess.deadLetters()).toHaveLength(1);
});

test.each(['before', 'after'])(
  'a crash right %s a dead letter is stored loses nothing, and stores it once',
  async (when) => {
    const journal = memory();
    let crashing = true;
    const bury: Journal['bury'] = async (...tellUnknown) => {
      if (!crashing || when === 'after') await journal.bury(...tellUnknown);
      if (crashing) await new Promise(() => {});
    };
    const testProcess = new TestProcess({ journal: { ...journal, bury } });
    await testProcess.start(writer);
    await testProcess.signal('writer/r1', { type: 'tell' });
    crashing = false;
    await testProcess.resume(writer);
    expect(await storedDeadLetters(testProcess)).toMatchObject([note]);
    expect(await journal.undelivered('r1')).toEqual([]);
  },
);

test('the last message of a run that has ended is kept as a dead letter as well', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(writer);
  await testProcess.signal('writer/r1', { type: 'end' });
  expect(testProcess.host.owns('r1')).toBe(false);
  expect(await storedDeadLetters(testProcess)).toMatchObject([note]);
});

test('a message posted to an actor that does not handle its type becomes a dead letter of that actor', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(writer);
  await testProcess.host.post(testProcess.envelope('writer/r1', { type: 'odd', n: 1 }));
  expect(await storedDeadLetters(testProcess)).toMatchObject([
    { type: 'odd', from: 'person/ann', to: 'writer/r1', body: { n: 1 }, failure: { kind: 'unknown_message' } },
  ]);
});

test('an event that a machine sends to an effect becomes a dead letter in the commit of the step that sent it', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(writer);
  await testProcess.signal('writer/r1', { type: 'shout' });
  expect(await storedDeadLetters(testProcess)).toMatchObject([
    { type: 'hello', from: 'writer/r1', to: 'deaf', failure: { kind: 'unknown_recipient' } },
  ]);
});

test('while the journal cannot be written, the dead letter waits; then it is stored once', async () => {
  const journal = memory();
  let full = true;
  const testProcess = new TestProcess({
    journal: {
      ...journal,
      bury: async (...tellUnknown) => {
        if (full) throw new TroupeError('storage', 'The disk is full.');
        return journal.bury(...tellUnknown);
      },
    },
  });
  await testProcess.start(writer);
  await testProcess.signal('writer/r1', { type: 'tell' });
  expect([await storedDeadLetters(testProcess), testProcess.deadLetters()]).toEqual([[], []]);
  expect(await journal.undelivered('r1')).toHaveLength(1);
  full = false;
  await testProcess.advance(10_000);
  expect(await storedDeadLetters(testProcess)).toMatchObject([note]);
  expect(await journal.undelivered('r1')).toEqual([]);
});

test('a host that closes does not wait for the next attempt to deliver a message', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(writer);
  testProcess.transport.send = () => Promise.reject(new TroupeError('transient', 'The wire is down.'));
  void testProcess.host.post(testProcess.envelope('writer/r1', { type: 'tell' }));
  await settle();
  testProcess.host.abandon();
  await settle();
  expect(testProcess.clock.next).toBeUndefined();
});

test('a process that lost the run makes no dead letter of a message: the new owner delivers it', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(writer);
  const { send } = testProcess.transport;
  testProcess.transport.send = async (envelope) => {
    if (envelope.to === 'agent/gone') await testProcess.journal.claim('r1', 'another', { now: Infinity, ttl: 1 });
    return send.call(testProcess.transport, envelope);
  };
  await testProcess.signal('writer/r1', { type: 'tell' });
  expect([await storedDeadLetters(testProcess), testProcess.deadLetters()]).toEqual([[], []]);
  expect(await testProcess.journal.undelivered('r1')).toHaveLength(1);
});
