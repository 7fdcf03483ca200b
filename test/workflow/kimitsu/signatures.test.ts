/** Webhooks that are signed as Standard Webhooks has it: the receiver knows who has sent exactly these bytes, when, and whether it has had them before. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everythingWrong } from '../files/written.ts';
import { startDoubles, type Doubles } from './doubles.ts';
import { playOwn, steps } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const text = 'a secret of the test';
const bytes = Buffer.from('the bytes of a key');
const head = 'env: [{name: KEY, secret: true}, {name: OPEN}]\n';
const signed = (more = '', path = 'x', sign = '"{{ env.KEY }}"') =>
  steps(
    `  - {id: h, webhook: {url: "http://localhost:6163/${path}", sign: ${sign}, body: {name: "größer {{ params.n }}"}}${more}}\n`,
    head,
  );

test.each([
  ['a text', text, Buffer.from(text)],
  ['whsec_ and base64', `whsec_${bytes.toString('base64')}`, bytes],
])(
  'the signature is over the id, the time and the exact bytes, with a key that is written as %s',
  async (_, KEY, key) => {
    const played = await playOwn(signed(), doubles, { input: { n: 1 }, env: { KEY, OPEN: 'o' } });
    expect(played.status).toBe('complete');
    const [sent] = played.hooks;
    const headers: Readonly<Record<string, unknown>> = { ...sent?.headers };
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers;
    const expected = createHmac('sha256', key)
      .update(`${String(id)}.${String(at)}.${sent?.body ?? ''}`)
      .digest('base64');
    expect(signature).toBe(`v1,${expected}`);
    expect(id).toBe(headers['idempotency-key']);
    expect(Math.abs(Number(at) - Date.now() / 1_000)).toBeLessThan(600);
    expect(played.stored).not.toContain(KEY);
  },
);

test('further attempts and other items are told apart by the id, which is the key of the request', async () => {
  const env = { KEY: text, OPEN: 'o' };
  const again = await playOwn(signed(', retry: {max: 1, backoff: 1ms}', 'status/500'), doubles, { env });
  const [first, second] = again.hooks.map(({ headers }) => headers['webhook-id']);
  expect([again.hooks.length, second]).toEqual([2, first]);
  const items = await playOwn(signed(', for_each: {from: "[`1`, `2`]"}'), doubles, { env });
  expect(new Set(items.hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
});

test('an empty secret signs nothing', async () => {
  const played = await playOwn(signed(), doubles, { env: { KEY: '', OPEN: 'o' } });
  expect(played.failure?.message).toMatch(/The secret that signs the webhook is empty/);
  expect(played.hooks).toEqual([]);
});

test.each(['abc', '"{{ env.OPEN }}"', '"{{ params.key }}"'])(
  'what signs must be a secret, and %s is none',
  async (sign) => {
    expect(await everythingWrong(signed('', 'x', sign), { env: { KEY: text, OPEN: 'o' } })).toEqual([
      expect.stringContaining('5 error What signs a webhook is a secret'),
    ]);
  },
);
