/** The answer to a `wait` step must fit its whole schema; one that does not leaves the question open. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import type { Json } from '../../../src/values/json.ts';
import { definitionOf, runnable } from './world.ts';

const asking = (schema: Json) =>
  definitionOf({
    'workflows/w.workflow.yaml': JSON.stringify({ pipeline: [{ id: 'ask', wait: { question: 'Which?', schema } }] }),
  });

/** As a text: an object with `then` looks like a promise. */
const condition = JSON.parse('{"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]}}') as Json;
const withB = { type: 'object', properties: { b: { type: 'string' } } };

test.each<[string, Json, Json, Json]>([
  ['a required name without properties', { type: 'object', required: ['a'] }, {}, { a: 1 }],
  ['a required name that is no property', { ...withB, required: ['a'] }, { b: 'x' }, { a: 1 }],
  ['one of several required names', { anyOf: [{ required: ['a'] }, { required: ['b'] }] }, {}, { b: 1 }],
  ['a condition', condition, { a: 1 }, { a: 1, b: 2 }],
  ['what must not be', { type: 'object', not: { required: ['a'] } }, { a: 1 }, { b: 1 }],
  ['names that depend on others', { type: 'object', dependentRequired: { a: ['b'] } }, { a: 1 }, { a: 1, b: 2 }],
  ['properties without a type', { properties: { a: { type: 'string' } } }, { a: 1 }, { a: 'x' }],
  ['a length without a type', { minLength: 3 }, 'ab', 'abc'],
  ['no further names', { ...withB, unevaluatedProperties: false }, { b: 'x', c: 1 }, { b: 'x' }],
  [
    'a reference',
    { type: 'object', properties: { a: { $ref: '#/$defs/n' } }, $defs: { n: { minimum: 3 } } },
    { a: 1 },
    { a: 3 },
  ],
  ['a usual schema', { ...withB, required: ['b'], additionalProperties: false }, { b: 1 }, { b: 'x' }],
])('%s', async (_, schema, misfit, fitting) => {
  const { subject } = runnable(await asking(schema));
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, {});
  await runtime.settle();
  const [ticket] = await runtime.tickets();
  if (!ticket) throw new Error('Nobody is asked.');
  await expect(runtime.answer(ticket.id, misfit)).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('the ticket is still open') as string,
  });
  await runtime.answer(ticket.id, fitting);
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: fitting });
});
