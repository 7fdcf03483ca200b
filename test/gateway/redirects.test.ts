/** A provider that redirects: within its own address the request is followed, elsewhere it is not, because it holds a key and a conversation. */
import { expect, test } from 'vitest';
import { runAgainst } from './wireAgent.ts';
import { turn, wireNames, wires, wireServer } from './wireServer.ts';

// The model object of `responses` is made by the user, with a `fetch` of its own.
const ours = wireNames.filter((name) => name !== 'responses');
const statuses = [301, 302, 307, 308];

test.each(ours.flatMap((name) => statuses.map((status) => [name, status] as const)))(
  '%s: a redirect (%i) to another address is refused by name, and nothing is sent there',
  async (name, status) => {
    await using other = await wireServer('', [turn.whole(wires[name].frames({ text: 'Stolen.' }))]);
    const location = `${other.url}/elsewhere?key=hunter22`;
    const { outcome, requests } = await runAgainst(name, [turn.status(status, '', { location })]);
    expect(other.requests).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'invalid' } });
    expect(JSON.stringify(outcome)).toContain(other.url);
    expect(JSON.stringify(outcome)).not.toContain('hunter22');
  },
);

test.each(ours.flatMap((name) => statuses.map((status) => [name, status] as const)))(
  '%s: a redirect (%i) within the address is followed with the same request',
  async (name, status) => {
    const { outcome, requests } = await runAgainst(name, [
      turn.status(status, '', { location: '/moved' }),
      turn.whole(wires[name].frames({ text: 'Done.' })),
    ]);
    expect(outcome).toMatchObject({ status: 'done', output: 'Done.' });
    expect(requests[1]).toBe(requests[0]);
  },
);

test('a provider that redirects in a circle is left after a few requests', async () => {
  const { outcome, requests } = await runAgainst('anthropic', [turn.status(307, '', { location: '/again' })]);
  expect(outcome).toMatchObject({
    status: 'failed',
    failure: { kind: 'invalid', message: expect.stringContaining('again and again') as string },
  });
  expect(requests.length).toBeLessThan(6);
});
