/** The door of a guardrail: it shuts when too much goes wrong, tries again by itself, or waits for a person. */
import { expect, test } from 'vitest';
import { guardrails } from 'troupe';
import { clerk, rejection } from './guarded.ts';
import { standing } from './longLived.ts';

const { guardrail, input } = guardrails;
/** Fails where the task says so, takes its time where it says so. */
const moody = () =>
  clerk(({ messages }) => {
    const said = JSON.stringify(messages[0]);
    if (said.includes('bad')) return { error: { kind: 'auth', message: 'No key.' } };
    return said.includes('slow') ? { hang: true } : { text: 'Done.' };
  });
const breaker = guardrail({ name: 'breaker', pre: () => true, trip: { after: 2, rest: '30s' } });
const bad = { body: 'bad' };
const done = { status: 'completed' };

test('a breaker opens after several failures in a row, lets one task through as a trial, and closes when that succeeds', async () => {
  await using stand = await standing([breaker], moody());
  expect(await stand.give('1', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await stand.doorOf('breaker')).toBe('closed');
  expect(await stand.give('2', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await stand.doorOf('breaker')).toBe('open');
  await stand.runtime.advance('10s');
  expect(await stand.give('3')).toMatchObject({
    failure: {
      kind: 'transient',
      retryAfter: 20_000,
      data: { refusedBy: 'breaker', reason: expect.stringMatching(/No key.*rests/) },
    },
  });
  await stand.runtime.advance('20s');
  expect(await stand.doorOf('breaker')).toBe('halfOpen.ready');
  expect(await stand.give('4', { body: 'slow' })).toBeUndefined();
  expect(await stand.doorOf('breaker')).toBe('halfOpen.trying');
  expect(await stand.give('5')).toMatchObject(rejection('breaker', 'pre', 'transient', /under way/));
  await stand.signal('breaker', { type: 'work.cancel', id: '4', reason: 'never mind' });
  await stand.runtime.advance('20s');
  expect(await stand.doorOf('breaker')).toBe('halfOpen.ready');
  expect(await stand.give('6', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await stand.doorOf('breaker')).toBe('open');
  await stand.runtime.advance('30s');
  expect(await stand.give('7')).toMatchObject(done);
  expect(await stand.doorOf('breaker')).toBe('closed');
});

test('a rejection by another guardrail does not count as a failure for a breaker', async () => {
  await using stand = await standing([
    guardrail({ name: 'zone', pre: () => true, trip: { after: 1, rest: '1m' } }),
    input(['no']),
  ]);
  expect(await stand.give('1', { body: 'no' })).toMatchObject({ failure: { data: { refusedBy: 'input' } } });
  expect(await stand.doorOf('zone')).toBe('closed');
});

test('a guardrail with trip "person" trips at its first rejection, and the answer to its ticket resets it', async () => {
  await using stand = await standing([input(['attack'], { trip: 'person' })], moody());
  expect(await stand.give('1', bad)).toMatchObject({ failure: { kind: 'auth' } });
  expect(await stand.doorOf('input')).toBe('closed');
  expect(await stand.give('2', { body: 'an attack' })).toMatchObject(rejection('input', 'pre', 'denied', /pattern/));
  expect(await stand.doorOf('input')).toBe('tripped.asking');
  expect(await stand.give('3')).toMatchObject(rejection('input', 'pre', 'denied', /tripped.*until a person resets it/));
  const [ticket] = await stand.runtime.tickets(stand.run.id);
  expect(ticket!.question).toMatch(/"input" has tripped.*May it be reset\?/);
  await stand.runtime.answer(ticket!.id, { reset: true }, 'Grace');
  await stand.runtime.settle();
  expect(await stand.doorOf('input')).toBe('closed');
  expect(await stand.give('4')).toMatchObject(done);
});

test('a tripped guardrail stays closed when a person refuses to reset it, and can be reset later', async () => {
  await using stand = await standing([breaker]);
  await stand.signal('breaker', { type: 'guardrail.trip', reason: 'under attack' });
  const [ticket] = await stand.runtime.tickets(stand.run.id);
  await stand.runtime.answer(ticket!.id, { reset: false }, 'Grace');
  await stand.runtime.settle();
  expect(await stand.doorOf('breaker')).toBe('tripped.shut');
  expect(await stand.give('1')).toMatchObject(rejection('breaker', 'pre', 'denied', /under attack/));
  await stand.signal('breaker', { type: 'guardrail.reset' });
  expect(await stand.give('2')).toMatchObject(done);
});

test('a tripped guardrail stays closed when its ticket is not answered', async () => {
  await using stand = await standing([breaker]);
  await stand.signal('breaker', { type: 'guardrail.trip', reason: 'under attack' });
  await stand.runtime.advance('3d');
  expect(await stand.doorOf('breaker')).toBe('tripped.shut');
});

test('a task for an unknown member is rejected at once', async () => {
  await using stand = await standing([breaker]);
  expect(await stand.give('1', { to: 'nobody' })).toMatchObject(
    rejection('breaker', 'pre', 'capability', /nobody called "nobody".*there is clerk/),
  );
  expect(await stand.give('2', { to: 'clerk' })).toMatchObject(done);
});
