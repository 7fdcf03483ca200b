/** The circuit breaker of a guardrail: it opens after too many failures, tries again after a time, or waits for a person. */
import { expect, test } from 'vitest';
import { guardrails } from 'troupe';
import { clerk, rejection } from './guarded.ts';
import { longLivedRun } from './longLived.ts';

const { guardrail, input } = guardrails;
/** Fails for a task with "bad", and hangs for a task with "slow". */
const unreliableClerk = () =>
  clerk(({ messages }) => {
    const prompt = JSON.stringify(messages[0]);
    if (prompt.includes('bad')) return { error: { kind: 'auth', message: 'No key.' } };
    return prompt.includes('slow') ? { hang: true } : { text: 'Done.' };
  });
const breaker = guardrail({ name: 'breaker', pre: () => true, trip: { after: 2, rest: '30s' } });
const bad = { body: 'bad' };
const done = { status: 'completed' };

test('a breaker opens after several failures in a row, lets one task through as a trial, and closes when that succeeds', async () => {
  await using run = await longLivedRun([breaker], unreliableClerk());
  expect(await run.give('1', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await run.breakerStateOf('breaker')).toBe('closed');
  expect(await run.give('2', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await run.breakerStateOf('breaker')).toBe('open');
  await run.runtime.advance('10s');
  expect(await run.give('3')).toMatchObject({
    failure: {
      kind: 'transient',
      retryAfter: 20_000,
      data: { refusedBy: 'breaker', reason: expect.stringMatching(/No key.*rests/) },
    },
  });
  await run.runtime.advance('20s');
  expect(await run.breakerStateOf('breaker')).toBe('halfOpen.ready');
  expect(await run.give('4', { body: 'slow' })).toBeUndefined();
  expect(await run.breakerStateOf('breaker')).toBe('halfOpen.trying');
  expect(await run.give('5')).toMatchObject(rejection('breaker', 'pre', 'transient', /under way/));
  await run.signal('breaker', { type: 'work.cancel', id: '4', reason: 'never mind' });
  await run.runtime.advance('20s');
  expect(await run.breakerStateOf('breaker')).toBe('halfOpen.ready');
  expect(await run.give('6', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await run.breakerStateOf('breaker')).toBe('open');
  await run.runtime.advance('30s');
  expect(await run.give('7')).toMatchObject(done);
  expect(await run.breakerStateOf('breaker')).toBe('closed');
});

test('a rejection by another guardrail does not count as a failure for a breaker', async () => {
  await using run = await longLivedRun([
    guardrail({ name: 'zone', pre: () => true, trip: { after: 1, rest: '1m' } }),
    input(['no']),
  ]);
  expect(await run.give('1', { body: 'no' })).toMatchObject({ failure: { data: { refusedBy: 'input' } } });
  expect(await run.breakerStateOf('zone')).toBe('closed');
});

test('a guardrail with trip "person" trips at its first rejection, and the answer to its ticket resets it', async () => {
  await using run = await longLivedRun([input(['attack'], { trip: 'person' })], unreliableClerk());
  expect(await run.give('1', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await run.breakerStateOf('input')).toBe('closed');
  expect(await run.give('2', { body: 'an attack' })).toMatchObject(rejection('input', 'pre', 'denied', /pattern/));
  expect(await run.breakerStateOf('input')).toBe('tripped.asking');
  expect(await run.give('3')).toMatchObject(rejection('input', 'pre', 'denied', /tripped.*until a person resets it/));
  const [ticket] = await run.runtime.tickets(run.run.id);
  expect(ticket!.question).toMatch(/"input" has tripped.*May it be reset\?/);
  await run.runtime.answer(ticket!.id, { reset: true }, 'Grace');
  await run.runtime.settle();
  expect(await run.breakerStateOf('input')).toBe('closed');
  expect(await run.give('4')).toMatchObject(done);
});

test('a tripped guardrail stays closed when a person refuses to reset it, and can be reset later', async () => {
  await using run = await longLivedRun([breaker]);
  await run.signal('breaker', { type: 'guardrail.trip', reason: 'under attack' });
  const [ticket] = await run.runtime.tickets(run.run.id);
  await run.runtime.answer(ticket!.id, { reset: false }, 'Grace');
  await run.runtime.settle();
  expect(await run.breakerStateOf('breaker')).toBe('tripped.shut');
  expect(await run.give('1')).toMatchObject(rejection('breaker', 'pre', 'denied', /under attack/));
  await run.signal('breaker', { type: 'guardrail.reset' });
  expect(await run.give('2')).toMatchObject(done);
});

test('a tripped guardrail stays closed when its ticket is not answered', async () => {
  await using run = await longLivedRun([breaker]);
  await run.signal('breaker', { type: 'guardrail.trip', reason: 'under attack' });
  await run.runtime.advance('3d');
  expect(await run.breakerStateOf('breaker')).toBe('tripped.shut');
});

test('a task for an unknown member is rejected at once', async () => {
  await using run = await longLivedRun([breaker]);
  expect(await run.give('1', { to: 'nobody' })).toMatchObject(
    rejection('breaker', 'pre', 'capability', /nobody called "nobody".*there is clerk/),
  );
  expect(await run.give('2', { to: 'clerk' })).toMatchObject(done);
});
