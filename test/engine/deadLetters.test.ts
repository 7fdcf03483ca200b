/** A message that no actor takes is kept once as a dead letter, with the reason, also when the process crashes meanwhile. */
import { expect, test } from 'vitest';
import { sendTo, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { engineActions } from '../../machines/slot.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory.ts';
import type { Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';

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
          tell: { actions: letter() },
          end: { target: 'over', actions: letter() },
          shout: { actions: 'shout' },
        },
      },
      over: { type: 'final' },
    },
  }),
);

function letter() {
  return { type: 'tell' as const, params: { to: 'agent/gone', type: 'note', body: { text: 'hi' } } };
}

const kept = (stage: Stage, actor = 'writer/r1') => stage.journal.list(actor, 'dead');
const note = {
  type: 'note',
  from: 'writer/r1',
  to: 'agent/gone',
  body: { text: 'hi' },
  failure: { kind: 'unknown_recipient' },
};

test('a message to an unknown actor is kept by the root of the run, and is not sent again after a crash', async () => {
  const stage = new Stage();
  await stage.start(writer);
  await stage.signal('writer/r1', { type: 'tell' });
  expect(await kept(stage)).toMatchObject([{ ...note, at: stage.clock.now() }]);
  await stage.resume(writer);
  expect(await kept(stage)).toHaveLength(1);
  expect(stage.dead()).toHaveLength(1);
});

test.each(['before', 'after'])(
  'a crash right %s a dead letter is stored loses nothing, and stores it once',
  async (when) => {
    const journal = memory();
    let plugged = true;
    const bury: Journal['bury'] = async (...letter) => {
      if (!plugged || when === 'after') await journal.bury(...letter);
      if (plugged) await new Promise(() => {});
    };
    const stage = new Stage({ journal: { ...journal, bury } });
    await stage.start(writer);
    await stage.signal('writer/r1', { type: 'tell' });
    plugged = false;
    await stage.resume(writer);
    expect(await kept(stage)).toMatchObject([note]);
    expect(await journal.undelivered('r1')).toEqual([]);
  },
);

test('the last message of a run that has ended is kept as a dead letter as well', async () => {
  const stage = new Stage();
  await stage.start(writer);
  await stage.signal('writer/r1', { type: 'end' });
  expect(stage.host.owns('r1')).toBe(false);
  expect(await kept(stage)).toMatchObject([note]);
});

test('a message posted to an actor that does not handle its type becomes a dead letter of that actor', async () => {
  const stage = new Stage();
  await stage.start(writer);
  await stage.host.post(stage.envelope('writer/r1', { type: 'odd', n: 1 }));
  expect(await kept(stage)).toMatchObject([
    { type: 'odd', from: 'person/ann', to: 'writer/r1', body: { n: 1 }, failure: { kind: 'unknown_message' } },
  ]);
});

test('an event that a machine sends to an effect becomes a dead letter in the commit of the step that sent it', async () => {
  const stage = new Stage();
  await stage.start(writer);
  await stage.signal('writer/r1', { type: 'shout' });
  expect(await kept(stage)).toMatchObject([
    { type: 'hello', from: 'writer/r1', to: 'deaf', failure: { kind: 'unknown_recipient' } },
  ]);
});

test('while the journal cannot be written, the dead letter waits; then it is stored once', async () => {
  const journal = memory();
  let full = true;
  const stage = new Stage({
    journal: {
      ...journal,
      bury: async (...letter) => {
        if (full) throw new TroupeError('storage', 'The disk is full.');
        return journal.bury(...letter);
      },
    },
  });
  await stage.start(writer);
  await stage.signal('writer/r1', { type: 'tell' });
  expect([await kept(stage), stage.dead()]).toEqual([[], []]);
  expect(await journal.undelivered('r1')).toHaveLength(1);
  full = false;
  await stage.advance(10_000);
  expect(await kept(stage)).toMatchObject([note]);
  expect(await journal.undelivered('r1')).toEqual([]);
});

test('a host that closes does not wait for the next attempt to deliver a message', async () => {
  const stage = new Stage();
  await stage.start(writer);
  stage.transport.send = () => Promise.reject(new TroupeError('transient', 'The wire is down.'));
  void stage.host.post(stage.envelope('writer/r1', { type: 'tell' }));
  await settle();
  stage.host.abandon();
  await settle();
  expect(stage.clock.next).toBeUndefined();
});

test('a process that lost the run makes no dead letter of a message: the new owner delivers it', async () => {
  const stage = new Stage();
  await stage.start(writer);
  const { send } = stage.transport;
  stage.transport.send = async (envelope) => {
    if (envelope.to === 'agent/gone') await stage.journal.claim('r1', 'another', { now: Infinity, ttl: 1 });
    return send.call(stage.transport, envelope);
  };
  await stage.signal('writer/r1', { type: 'tell' });
  expect([await kept(stage), stage.dead()]).toEqual([[], []]);
  expect(await stage.journal.undelivered('r1')).toHaveLength(1);
});
