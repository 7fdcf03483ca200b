/** What was sent to a run while no process had it is taken before its work is gone on with: what was cancelled is not performed again. */
import { expect, test } from 'vitest';
import { agent, flow, tool } from '../../src/index.ts';
import * as z from 'zod';
import { callingModel } from '../define/presets/participants.ts';
import { deferred } from '../deferred.ts';
import { journalOf, onDisk } from './processes.ts';

test('a checkpoint in whose middle a process has left the run is not begun again once the run was cancelled; it is cleaned up', async () => {
  const { done, does } = journalOf();
  const { promise: begun, resolve: begins } = deferred<void>();
  const pay = flow('pay', async (ctx) => {
    await ctx.checkpoint('reserve', () => does('reserve'));
    try {
      await ctx.checkpoint('charge', () => {
        does('charge');
        begins();
        return new Promise<never>(() => {});
      });
    } finally {
      does('release');
    }
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(pay, null, { key: 'r' });
    await begun;
    await handle.park(0);
  }
  {
    await using teller = await open();
    await teller.signal('flow/r', { type: 'run.cancel', reason: 'enough' });
  }
  await using next = await open();
  const handle = await next.resume('r', pay);
  expect(await handle.outcome()).toEqual({ status: 'cancelled', reason: 'enough' });
  expect(done).toEqual(['reserve', 'charge', 'release']);
});

test('nor is a call of a tool of an agent', async () => {
  const { done, does } = journalOf();
  const { promise: begun, resolve: begins } = deferred<void>();
  const charge = tool({
    name: 'charge',
    description: 'Charges.',
    effect: 'read',
    input: z.object({}),
    output: z.null(),
    run: () => {
      does('charge');
      begins();
      return new Promise<never>(() => {});
    },
  });
  const clerk = agent({ name: 'clerk', tools: [charge], model: callingModel({ name: 'charge', input: {} }) });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(clerk, 'Go.', { key: 'r' });
    await begun;
    await handle.park(0);
  }
  {
    await using teller = await open();
    await teller.signal('agent/r', { type: 'agent.cancel', reason: 'enough' });
  }
  await using next = await open();
  expect(await (await next.resume('r', clerk)).outcome()).toMatchObject({ status: 'cancelled' });
  expect(done).toEqual(['charge']);
});
