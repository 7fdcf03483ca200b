/** A question whose time was up while no process had its run: what was agreed for silence holds. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { testRuntime } from 'troupe/testing';
import { troupeClient } from '../../src/client/index.ts';
import { flow } from '../../src/index.ts';

test('an answer that comes too late is refused as such, however the question is named, and whatever else is open', async () => {
  const late = flow('late', async (ctx) => {
    const free = ctx.wait({ name: 'free' });
    const word = await ctx.wait({ name: 'word', schema: z.string(), deadline: '1h', default: 'silence' });
    await free;
    return word;
  });
  await using runtime = await testRuntime();
  await using client = await troupeClient({ runtime, definitions: async () => late });
  const { executions } = client;
  const handle = await runtime.start(late, null, { key: 'r' });
  await runtime.settle();
  const word = (await executions.pendingWaits('r')).find(({ name }) => name === 'word');
  await handle.park();
  await runtime.advance('2h');
  const refused = { kind: 'expired', message: expect.stringContaining('what was agreed for silence holds') as string };
  for (const wait of ['word', word!.wait_id])
    await expect(executions.input('r', { wait, value: 'now' })).rejects.toMatchObject(refused);
  await expect(executions.abortWait('r', { wait: 'word' })).rejects.toMatchObject(refused);
  await executions.input('r', { value: null });
  await runtime.settle();
  expect(await executions.get('r')).toMatchObject({ status: 'completed', result: 'silence' });
});

test('when it is the only question, an answer without a name is refused as too late, too', async () => {
  const late = flow('late', async (ctx) =>
    ctx.wait({ name: 'word', schema: z.string(), deadline: '1h', default: 'silence' }),
  );
  await using runtime = await testRuntime();
  await using client = await troupeClient({ runtime });
  const handle = await runtime.start(late, null, { key: 'r' });
  await runtime.settle();
  await handle.park();
  await runtime.advance('2h');
  await expect(client.executions.input('r', { value: 'now' })).rejects.toMatchObject({ kind: 'expired' });
});
