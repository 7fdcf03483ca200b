/** What can be done with runs, over NATS: the same operations with the same arguments. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { natsControl } from '../../src/cluster/controlClient.ts';
import { serveControl } from '../../src/cluster/controlService.ts';
import { operations } from '../../src/contracts/client/operations/operations.ts';
import type { ClientOperation } from '../../src/contracts/client/operations/operation.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { everyCall, recordingClient, sampleRun, settled } from '../doors/control/recordingClient.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (client = recordingClient().client) => serveControl(client, { servers: server.url });
const ask = () => natsControl({ servers: server.url }, systemClock());
const table: Readonly<Record<string, ClientOperation>> = operations;

test('work with runs arrives with its arguments and answers the same; what is installed on the server is refused', async () => {
  const here = recordingClient();
  const there = recordingClient();
  await using _ = await open(there.client);
  await using client = await ask();
  for (const [name, call, args] of everyCall) {
    const { kind, access } = table[name]!;
    if (kind !== 'value') continue;
    there.calls.length = 0;
    if (access === 'admin') {
      await expect(call(client)).rejects.toMatchObject({ kind: 'denied' });
      expect(there.calls).toEqual([]);
      continue;
    }
    expect(await settled(await call(client))).toEqual(await settled(await call(here.client)));
    expect(there.calls).toEqual([[name, ...args]]);
  }
  await expect(client.executions.start({ file: '/etc/x.ts' }, null)).rejects.toMatchObject({ kind: 'denied' });
});

test('lines are followed until the run has ended', async () => {
  const { client: served } = recordingClient({
    executions: {
      logs: async (_, { after = 0 } = {}) =>
        [1, 2, 3]
          .filter((seq) => seq > after)
          .slice(0, 2)
          .map((seq) => ({ seq, timestamp: 0, level: 'info' as const, source: 'runner' as const, message: 'x' })),
    },
  });
  await using _ = await open(served);
  await using client = await ask();
  expect(await settled(client.executions.follow('r1'))).toMatchObject([{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
});

test('an answer that is too large for a message is refused, with what to do; without a server the reason is told', async () => {
  const { client: served } = recordingClient({
    executions: { get: async () => ({ ...sampleRun, result: 'x'.repeat(2_000_000) }) },
  });
  const serving = await open(served);
  await using client = await ask();
  await expect(client.executions.get('r1')).rejects.toMatchObject({ kind: 'unsupported' });
  await serving[Symbol.asyncDispose]();
  await expect(client.executions.get('r1')).rejects.toMatchObject({ kind: 'unknown_recipient' });
});
