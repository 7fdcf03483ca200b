/** What is seen of a run that stands still, and how it is moved while no process has it. */
import { describe, expect, test } from 'vitest';
import type { Execution, ExecutionStatus, TroupeClient } from '../../src/client/index.ts';
import { limits } from '../limits.ts';
import { besideIt, inProcess, overHttp, type ClientWorld } from './worlds.ts';

async function until({ executions }: TroupeClient, exec: string, status: ExecutionStatus): Promise<Execution> {
  await expect
    .poll(async () => (await executions.get(exec)).status, { timeout: limits.step, interval: 10 })
    .toBe(status);
  return executions.get(exec);
}

/** Milliseconds between the beginning of a call and its end, by the clock of the run. */
const callIn = ({ checkpoints }: Execution, name: string) => checkpoints.find((call) => call.name === name);

describe.each([
  ['in the process that has the runs', inProcess],
  ['of another process', besideIt],
  ['over HTTP', overHttp],
])('a client %s', (_, make) => {
  test('shows what a body has logged before it waits while it waits', async () => {
    await using world = await make();
    await world.begin('noted');
    expect((await world.client.executions.get('r')).metadata).toMatchObject({ stage: 'asked' });
  });

  test('shows a signal that is waited for among the calls', async () => {
    await using world = await make();
    const { executions } = world.client;
    await executions.start({ flow: 'listen' }, null, { key: 'r' });
    const run = await until(world.client, 'r', 'waiting');
    expect(run).toMatchObject({
      checkpoint_count: 1,
      checkpoints: [{ name: 'news', kind: 'signal', status: 'waiting' }],
    });
    await executions.signal('r', 'news', 'good');
    expect((await until(world.client, 'r', 'completed')).checkpoints).toHaveLength(1);
  });

  test('lists runs of a status whatever its case, and as many as there are where more are asked for', async () => {
    await using world = await make();
    await world.begin('greet');
    const { executions, artifacts } = world.client;
    // As a person writes it.
    const status = ' Completed ' as ExecutionStatus;
    expect((await executions.list({ status, limit: 100_000 })).items).toHaveLength(1);
    expect(await executions.latest({ status })).toMatchObject({ exec_id: 'r' });
    expect(await executions.logs('r', { limit: 100_000 })).toHaveLength(4);
    expect((await artifacts.list('r', { limit: 100_000 })).items).toHaveLength(1);
  });
});

/** Ends the process that has the runs; the client is of another one. */
const withoutProcess = async (flow: string): Promise<ClientWorld> => {
  const world = await besideIt();
  await world.begin(flow);
  await world.endProcess();
  return world;
};

test('a question that was answered in another process began when it was asked, and ended when that process took the answer', async () => {
  await using world = await withoutProcess('noted');
  const { executions } = world.client;
  const [asked] = await executions.pendingWaits('r');
  await executions.input('r', { value: null });
  const wait = callIn(await until(world.client, 'r', 'completed'), 'ok');
  expect(wait).toMatchObject({ kind: 'wait', status: 'completed', started_at: asked?.entered_waiting_at });
});

test('a run that was told to pause while no process had it goes on when it is resumed', async () => {
  await using world = await withoutProcess('listen');
  const { executions } = world.client;
  // A client without definitions stores it, and begins nothing.
  await using teller = await world.teller();
  await teller.executions.pause('r');
  expect((await executions.get('r')).status_reason).toContain('paused');
  await executions.resume('r');
  await executions.signal('r', 'news', 'good');
  expect(await until(world.client, 'r', 'completed')).toMatchObject({ result: 'good' });
});
