/** A run that another process holds: the caller waits for it, and can stop waiting. */
import { expect, test } from 'vitest';
import { TroupeError } from '../../src/values/failure.ts';
import { attach } from '../../src/runtime/attach.ts';
import { virtualClock } from '../../src/testing/clock.ts';

const heldElsewhere = () => Promise.reject(new TroupeError('owned_elsewhere', 'Another process has it.'));

test('a run starts when the other process releases it, and the wait is reported once', async () => {
  const clock = virtualClock();
  let tries = 0;
  let reported = 0;
  const handle = attach(() => (++tries < 3 ? heldElsewhere() : Promise.resolve('mine')), clock, {
    waiting: () => reported++,
  });
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    clock.advance(250);
  }
  expect({ handle: await handle, tries, told: reported }).toEqual({ handle: 'mine', tries: 3, told: 1 });
});

test('a caller that is aborted while it waits leaves the run alone', async () => {
  const stop = new AbortController();
  const waiting = attach(heldElsewhere, virtualClock(), { signal: stop.signal, waiting: () => stop.abort() });
  await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
});

test('any other refusal rejects at once', async () => {
  const refused = new TroupeError('conflict', 'Another run has that key.');
  await expect(attach(() => Promise.reject(refused), virtualClock())).rejects.toBe(refused);
});

test('each reason to wait is reported once, so that a full disk is not taken for another process', async () => {
  const clock = virtualClock();
  const full = new TroupeError('storage', 'The disk is full.');
  const owned = new TroupeError('owned_elsewhere', 'Another process has it.');
  const [reasons, reported]: [TroupeError[], unknown[]] = [[full, full, owned, owned], []];
  const begin = () => (reasons.length === 0 ? Promise.resolve('mine') : Promise.reject(reasons.shift()!));
  const handle = attach(begin, clock, { waiting: ({ message }) => reported.push(message) });
  for (let i = 0; i < 4; i++) {
    await new Promise(setImmediate);
    clock.advance(250);
  }
  expect(await handle).toBe('mine');
  expect(reported).toEqual(['The disk is full.', 'Another process has it.']);
});

test('a locked file is tried again, and not for ever', async () => {
  const clock = virtualClock();
  const locked = new TroupeError('storage', 'The journal is locked by another program.');
  let tries = 0;
  const begun = attach(() => (++tries < 4 ? Promise.reject(locked) : Promise.resolve('begun')), clock);
  for (let i = 0; i < 4; i++) {
    await new Promise(setImmediate);
    clock.advance(250);
  }
  expect(await begun).toBe('begun');
  const never = attach(() => Promise.reject(locked), clock).catch((thrown: unknown) => thrown);
  for (let i = 0; i < 130; i++) {
    await new Promise(setImmediate);
    clock.advance(250);
  }
  expect(await never).toBe(locked);
});
