import { expect, test } from 'vitest';
import type { AnyEventObject } from 'xstate';
import { waitMachine } from '../../machines/wait.ts';
import { fitsSchema } from '../../machines/schemaCheck.ts';
import { after } from '../../src/testing/play.ts';
import { playEvents } from './playEvents.ts';

const schema = {
  type: 'object',
  properties: { approved: { type: 'boolean' } },
  required: ['approved'],
  additionalProperties: false,
};
const ticket = (onExpiry: unknown = 'fail') => ({ question: 'May it?', schema, deadline: 1_000, onExpiry });
const answer = (value: unknown, by = 'ada') => ({ type: 'wait.answer', answer: value, by });
const late = after('deadline', 'wait.open');
const output = (onExpiry: unknown, ...events: AnyEventObject[]) =>
  playEvents(waitMachine, ticket(onExpiry), events).snapshot.output as unknown;

test('is answered once, by one person', () => {
  expect(output('fail', answer({ approved: true }), answer({ approved: false }, 'bob'))).toEqual({
    status: 'answered',
    answer: { approved: true },
    by: 'ada',
  });
});

test('refuses an answer that does not fit the schema, and stays open', () => {
  const { snapshot } = playEvents(waitMachine, ticket(), [
    answer('yes'),
    answer({ approved: 'yes' }),
    answer({ approved: true, also: 1 }),
  ]);
  expect(snapshot.value).toBe('open');
  expect(snapshot.hasTag('waiting')).toBe(true);
});

test('when it expires, its outcome is the default, or none', () => {
  expect(output({ default: { approved: false } }, late)).toEqual({ status: 'expired', answer: { approved: false } });
  expect(output('fail', late)).toEqual({ status: 'expired' });
});

test('can be cancelled with a reason', () => {
  expect(output('fail', { type: 'wait.abort', reason: 'no longer needed', by: 'bob' })).toEqual({
    status: 'aborted',
    reason: 'no longer needed',
    by: 'bob',
  });
});

test.each([
  [{ type: 'integer' }, 1, true],
  [{ type: 'number' }, 1, true],
  [{ type: 'integer' }, 1.5, false],
  [{ type: ['string', 'null'] }, null, true],
  [{ enum: ['a', 'b'] }, 'c', false],
  [{ const: 3 }, 3, true],
  [{ type: 'array' }, [], true],
  [{ type: 'object', properties: { a: { type: 'object', required: ['b'] } } }, { a: {} }, false],
  [{ type: 'object', additionalProperties: false }, JSON.parse('{"__proto__":1}'), false],
])('%j lets %j through: %s', (each, value, expected) => {
  expect(fitsSchema(each as never, value as never)).toBe(expected);
});
