/** Numbers with more digits than JavaScript keeps: a call is never made with another number than the model wrote. */
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { inexactNumbersIn } from '../../src/values/exactNumbers.ts';
import { runAgainst } from './wireAgent.ts';
import { turn, wireNames, wires } from './wireServer.ts';

const order = '9007199254740993123';

test.each([
  ['9007199254740993', true],
  ['-9007199254740993123', true],
  ['9999999999999999999', true],
  ['1e400', true],
  ['0.12345678901234567890123', true],
  ['90071992547409.9312', true],
  ['9007199254740991', false],
  ['9007199254740992', false],
  ['1.50', false],
  ['-0', false],
  ['1.989e30', false],
  ['1e21', false],
  ['0.1', false],
  ['1.7976931348623157e308', false],
])('%s loses digits: %s', (written, loses) => {
  expect(inexactNumbersIn(`{"a":[${written}],"b":"${written}","c\\"":"\\\\"}`)).toEqual(loses ? [written] : []);
});

describe.each(wireNames)('%s', (name) => {
  const { frames } = wires[name];
  const call = (written: string) => turn.whole(frames({ calls: [{ name: 'pay', arguments: written }] }));
  const done = turn.whole(frames({ text: 'Done.' }));

  test.each([`{"order":${order}}`, '{"order":9999999999999999999}', `{"order": -${order} }`])(
    'a call with %s is not made, and the model is told to give the digits as text',
    async (written) => {
      const { outcome, paid, requests } = await runAgainst(name, [call(written), done]);
      expect(outcome).toMatchObject({ status: 'done', output: 'Done.' });
      expect(paid).toEqual([]);
      expect(requests[1]).toMatch(/more digits than a number keeps\. Call it again with the digits as text/);
      expect(requests[1]).toContain(/-?\d+/.exec(written)?.[0]);
    },
  );

  test('with the digits as text the call is made with every digit', async () => {
    const { paid } = await runAgainst(name, [call(`{"order":${order}}`), call(`{"order":"${order}"}`), done], {
      input: z.object({ order: z.union([z.number(), z.string()]) }),
    });
    expect(paid).toEqual([{ order }]);
  });

  test('a number that is far down, or in the middle of a text, is told apart', async () => {
    const input = z.object({ list: z.array(z.object({ id: z.number() })), note: z.string() });
    const deep = call(`{"list":[{"id":1},{"id":${order}}],"note":"${order}"}`);
    const { paid } = await runAgainst(name, [deep, call(`{"list":[{"id":1}],"note":"${order}"}`), done], { input });
    expect(paid).toEqual([{ list: [{ id: 1 }], note: order }]);
  });

  test('numbers that are kept are passed on', async () => {
    const { paid } = await runAgainst(name, [call('{"order":9007199254740991,"at":1.989e30}'), done]);
    expect(paid).toEqual([{ order: 9007199254740991, at: 1.989e30 }]);
  });
});
