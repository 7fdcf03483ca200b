/** The suite of the client on a journal that many processes share: it opens the journal of a NATS server, beside the process that has the runs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { troupeClient } from '../../src/client/index.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { flow, openRuntime } from '../../src/index.ts';
import { limits } from '../limits.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { clientSuite } from './suite.ts';
import { onSharedJournal } from './worlds.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

clientSuite(
  'on a shared journal',
  onSharedJournal(() => server),
);

test('an answer that was refused puts no deadline off, whichever process asks again; one that comes too late is refused as such when nobody has the run', async () => {
  const even = z.number().refine((n) => n % 2 === 0, 'must be even');
  const late = flow('late', async (ctx) => ctx.wait({ name: 'number', schema: even, deadline: '1h', default: 2 }));
  const open = (minutes: number) => {
    const clock = { ...systemClock(), now: () => Date.now() + minutes * 60_000 };
    return openRuntime({ nats: { servers: server.url, folder: server.stateFolder, tenant: 'late' }, poll: 10, clock });
  };
  const left: number[] = [];
  for (const [minutes, wrong] of [
    [0, 3],
    [20, 5],
    [40, undefined],
  ] as const) {
    // Each process goes on with the answer that was given when the one before had gone.
    await using owner = await open(minutes);
    await using client = await troupeClient({ runtime: owner });
    const handle = await owner.start(late, null, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
    const [asked] = await client.executions.pendingWaits('r');
    left.push(Math.round((asked!.deadline! - owner.now()) / 600_000));
    await handle.park();
    if (wrong !== undefined) await client.executions.input('r', { value: wrong });
  }
  // In tens of minutes.
  expect(left).toEqual([6, 4, 2]);
  await using later = await open(70);
  await using client = await troupeClient({ runtime: later, definitions: async () => late });
  const { executions } = client;
  for (const wait of ['number', undefined])
    await expect(executions.input('r', { ...(wait === undefined ? {} : { wait }), value: 4 })).rejects.toMatchObject({
      kind: 'expired',
    });
  await expect(executions.abortWait('r')).rejects.toMatchObject({ kind: 'expired' });
  await executions.resume('r');
  await expect
    .poll(async () => (await executions.get('r')).status, { timeout: limits.step, interval: 10 })
    .toBe('completed');
  expect(await executions.get('r')).toMatchObject({ result: 2 });
});
