import { expect, test } from 'vitest';
import type { Envelope } from '../../src/contracts/envelope.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { transportSuite } from 'troupe/testing/suites';

transportSuite('inProcess', {
  open: async (clock) => inProcess({ clock }),
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: () => new Promise((resolve) => setImmediate(resolve)),
});

const message = (over: Partial<Envelope> = {}): Envelope => ({
  id: 'm1',
  type: 'greet',
  body: {},
  from: 'agent/a',
  to: 'agent/b',
  run: 'r1',
  kind: 'tell',
  ...over,
});

test('a message is in time at its very deadline, and late a millisecond after it', async () => {
  const clock = virtualClock();
  await using transport = inProcess({ clock });
  const got: string[] = [];
  transport.listen('agent/b', async ({ id }) => void got.push(id));
  const deadline = clock.now();
  await transport.send(message({ id: 'in time', deadline }));
  clock.advance(1);
  await expect(transport.send(message({ id: 'late', deadline }))).rejects.toMatchObject({ kind: 'expired' });
  expect(got).toEqual(['in time']);
});

test('what one subscriber does to a message is not seen by the next, and one that is disposed meanwhile gets none', async () => {
  await using transport = inProcess();
  const got: unknown[] = [];
  transport.subscribe('news', ({ body }) => {
    (body as { text: string }).text = 'changed';
    second[Symbol.dispose]();
  });
  const second = transport.subscribe('news', () => void got.push('disposed'));
  transport.subscribe('*', ({ body }) => void got.push(body));
  await transport.publish('news', message({ body: { text: 'as sent' } }));
  expect(got).toEqual([{ text: 'as sent' }]);
});

test('a property that is undefined is left out, as JSON leaves it out', async () => {
  await using transport = inProcess();
  const got: unknown[] = [];
  transport.listen('agent/b', async ({ body }) => void got.push(body));
  await transport.send(message({ body: { here: 1, gone: undefined, inner: [{ gone: undefined }] } as never }));
  expect(got).toStrictEqual([{ here: 1, inner: [{}] }]);
});
