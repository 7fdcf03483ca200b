/** Parts of an answer are read as their schema reads them. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelPart } from '../../src/contracts/model.ts';
import { readPart } from '../../src/gateway/modelParts.ts';

const some = (...values: unknown[]) => fc.constantFrom(...values);
/** These fields; now and then one is missing, or there is one more. */
const fields = (model: Record<string, fc.Arbitrary<unknown>>) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.record(model) },
    { weight: 1, arbitrary: fc.record({ ...model, more: some(1, undefined) }, { requiredKeys: [] }) },
  );
const amount = some(0, 5, 5, 1.5, -1, NaN, Infinity, '5', null, undefined);
const usage = fields({
  inputTokens: amount,
  outputTokens: some(5),
  cachedTokens: some(0, 5, -1),
  reported: some(true, true, 'yes'),
  usd: some(null, 0.1, -1, undefined),
});
const input = fc.oneof(
  fc.jsonValue(),
  some({ ['__proto__']: 0 }, { deep: [{ ['__proto__']: {} }] }),
  some({ a: undefined }, { at: new Date(0) }, [NaN], { deep: [{ f: () => 1 }] }, undefined),
);
const parts = {
  text: fields({ type: some('text'), text: some('word', 'word', '', 1, undefined) }),
  reasoning: fields({ type: some('reasoning'), text: some('word', null) }),
  call: fields({
    type: some('call'),
    call: fields({ id: some('c1', 'c1', '', 1), name: some('read', 'read', 2), input }),
  }),
  media: fields({ type: some('media'), mediaType: some('image/png'), data: some('AAAA') }),
  finish: fields({ type: some('finish'), reason: some('stop', 'calls', 'bored'), usage, model: some('a:b', 'a:b', 1) }),
  other: some(null, undefined, 'text', 1, [], { type: 'unknown' }),
};

test.each(Object.entries(parts))('a part (%s) is read as its schema reads it', (_, part) => {
  fc.assert(
    fc.property(part, (given) => {
      const read = readPart(given);
      const parsed = ModelPart.safeParse(given);
      expect(read.success).toBe(parsed.success);
      expect(read.data).toStrictEqual(parsed.data);
      // What a model does to its part later on changes nothing.
      if (read.success) expect(read.data).not.toBe(given);
    }),
    { numRuns: 300 },
  );
});
