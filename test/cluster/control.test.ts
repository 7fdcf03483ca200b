/** What can be done with runs, over NATS: the same operations with the same arguments. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { natsControl } from '../../src/cluster/control/client.ts';
import { serveControl } from '../../src/cluster/control/service.ts';
import { operations } from '../../src/contracts/client/operations/operations.ts';
import type { ClientOperation } from '../../src/contracts/client/operations/operation.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { everyCall, line, recordingClient, sampleRun, settled } from '../doors/control/recordingClient.ts';
import { deferred } from '../deferred.ts';
import { limits } from '../limits.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (client = recordingClient().client, tenant = 'default') =>
  serveControl(client, { servers: server.url, tenant }, systemClock());
const ask = (tenant = 'default', within = limits.reply) =>
  natsControl({ servers: server.url, tenant, within }, systemClock());
const table: Readonly<Record<string, ClientOperation>> = operations;

test('work with runs arrives with its arguments and answers the same; what is installed on the server is refused', async () => {
  const here = recordingClient();
  const there = recordingClient();
  await using _ = await open(there.client);
  await using client = await ask();
  for (const [name, call, args] of everyCall) {
    const { access } = table[name]!;
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
      async *follow(_, { after = 0 } = {}) {
        for (const seq of [1, 2, 3]) if (seq > after) yield line(seq);
      },
    },
  });
  await using _ = await open(served);
  await using client = await ask();
  expect(await settled(client.executions.follow('r1'))).toEqual([line(1), line(2), line(3)]);
  expect(await settled(client.executions.follow('r1', { after: 1 }))).toEqual([line(2), line(3)]);
});

test('lines go on at another control server when theirs has ended, each line once', async () => {
  const asked: (number | undefined)[] = [];
  const served = (last: number, ends: boolean) =>
    recordingClient({
      executions: {
        async *follow(_, { after } = {}, signal) {
          asked.push(after);
          for (let seq = (after ?? 0) + 1; seq <= last; seq++) yield line(seq);
          if (ends) return;
          await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        },
      },
    }).client;
  const first = await open(served(2, false), 'two');
  await using client = await ask('two');
  const seen: number[] = [];
  let second: AsyncDisposable | undefined;
  for await (const { seq } of client.executions.follow('r1')) {
    seen.push(seq);
    if (seq !== 2) continue;
    await first[Symbol.asyncDispose]();
    second = await open(served(4, true), 'two');
  }
  await second?.[Symbol.asyncDispose]();
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual([undefined, 2]);
});

test('lines that nobody reads any longer end at the server', async () => {
  const ended = deferred<void>();
  const { client: served } = recordingClient({
    executions: {
      async *follow(_, __, signal) {
        signal?.addEventListener('abort', () => ended.resolve());
        yield line(1);
        await ended.promise;
      },
    },
  });
  await using _ = await open(served);
  await using client = await ask();
  for await (const { seq } of client.executions.follow('r1')) if (seq === 1) break;
  await ended.promise;
});

test('bytes and answers come as they are when they are larger than a message, and a failure on the way is told', async () => {
  const large = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 251);
  const { client: served } = recordingClient({
    executions: { get: async () => ({ ...sampleRun, result: 'é'.repeat(2_000_000) }) },
    artifacts: {
      async *read(id) {
        yield large.subarray(0, 700_000);
        if (id === 'broken') throw new TroupeError('corrupt', 'It was changed.');
        yield large.subarray(700_000);
      },
    },
  });
  await using _ = await open(served);
  await using client = await ask();
  expect((await client.executions.get('r1')).result).toBe('é'.repeat(2_000_000));
  const parts: Uint8Array[] = [];
  for await (const part of client.artifacts.read('whole')) parts.push(part);
  expect(Buffer.concat(parts).equals(large)).toBe(true);
  await expect(settled(client.artifacts.read('broken'))).rejects.toMatchObject({ kind: 'corrupt' });
});

test('a part that is asked for twice is the same part, and any other part is refused', async () => {
  const { client: served } = recordingClient({
    artifacts: {
      async *read() {
        yield Buffer.alloc(600_000, 'a');
        yield Buffer.alloc(600_000, 'b');
      },
    },
  });
  await using _ = await open(served);
  const connection = await connectNats({ servers: server.url });
  const opened = await connection.request('troupe.default._control.artifacts.read', '{"artifact_id":"x"}');
  const subject = opened.headers!.get('Troupe-More');
  const part = async (number: number) => Buffer.from((await connection.request(subject, String(number))).data);
  expect((await part(0)).equals(await part(0))).toBe(true);
  expect((await part(4)).toString()).toContain('"kind":"invalid"');
  expect((await part(1)).toString()).toMatch(/^a+b+$/);
  expect((await part(0)).toString()).toContain('"kind":"invalid"');
  await connection.close();
});

test('a request that is too large, no control server, and a NATS server that is gone are told as what they are', async () => {
  await using other = await natsServer();
  const serving = await serveControl(recordingClient().client, { servers: other.url }, systemClock());
  const client = await natsControl({ servers: other.url, within: 300 }, systemClock());
  await expect(client.executions.signal('r1', 'x', 'x'.repeat(2_000_000))).rejects.toMatchObject({ kind: 'invalid' });
  await serving[Symbol.asyncDispose]();
  await expect(client.executions.get('r1')).rejects.toMatchObject({ kind: 'transient' });
  await other.kill();
  await expect(client.executions.get('r1')).rejects.toMatchObject({ kind: 'timeout', retryable: true });
  await client[Symbol.asyncDispose]();
});
