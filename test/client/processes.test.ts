/** What a client relies on when processes die: nothing that was told is lost, and one process at a time has a run. */
import { expect, test } from 'vitest';
import { troupeClient, type TroupeClient } from '../../src/client/index.ts';
import { openRuntime } from '../../src/index.ts';
import listen from '../cli/fixtures/listen.ts';
import publish from '../cli/fixtures/publish.ts';
import { workspace, type Workspace } from '../cli/troupe.ts';
import { limits } from '../limits.ts';

const definitions = async ({ name = '' }) => (name === 'listen' ? listen : publish);
const db = (dir: Workspace) => `${dir.folder}/troupe.db`;

/** Starts a fixture in a process of its own, which is killed as soon as the journal says that the run waits. */
async function killedWhileItWaits(dir: Workspace, fixture: string, client: TroupeClient): Promise<void> {
  const input = fixture === 'publish.ts' ? ['--input', '{"topic":"actors"}'] : [];
  // It would end by itself when the run waits for a person.
  const running = dir.start('run', dir.fixture(fixture), ...input, '--key', 'job');
  await expect
    .poll(
      async () =>
        client.executions.get('job').then(
          (run) => run.status,
          () => 'none',
        ),
      {
        timeout: limits.step,
        interval: 10,
      },
    )
    .toBe('waiting');
  running.process.kill('SIGKILL');
  await running.ended;
}

test('an answer is kept when the process of the run is gone, and the next process goes on with it', async () => {
  using dir = workspace();
  await using client = await troupeClient({ db: db(dir) });
  await killedWhileItWaits(dir, 'publish.ts', client);
  await client.executions.input('job', { value: { ok: true }, by: 'Ada' });
  expect(await client.executions.pendingWaits('job')).toEqual([]);
  await expect(client.executions.input('job', { value: { ok: true } })).rejects.toMatchObject({ kind: 'conflict' });
  await expect(client.executions.retry('job')).rejects.toMatchObject({ kind: 'conflict' });
  // It has no definitions, so it says what it lacks.
  await expect(client.executions.resume('job')).rejects.toMatchObject({
    kind: 'unsupported',
    message: expect.stringContaining('definitions') as string,
  });
  expect(await dir.troupe('runs', 'resume', 'job', '--quiet')).toMatchObject({
    code: 0,
    out: 'published: about actors\n',
  });
  const run = await client.executions.get('job');
  expect(run.checkpoints[0]?.attempts).toHaveLength(1);
});

test('a signal is kept when the process of the run is gone', async () => {
  using dir = workspace();
  await using client = await troupeClient({ db: db(dir) });
  await killedWhileItWaits(dir, 'listen.ts', client);
  await client.executions.signal('job', 'news', 'good');
  expect(await dir.troupe('runs', 'resume', 'job', '--quiet')).toMatchObject({ code: 0, out: 'good\n' });
});

test('a cancel is kept when the process of the run is gone', async () => {
  using dir = workspace();
  await using client = await troupeClient({ db: db(dir) });
  await killedWhileItWaits(dir, 'listen.ts', client);
  await client.executions.cancel('job', { reason: 'enough' });
  expect((await dir.troupe('runs', 'resume', 'job', '--quiet')).code).toBe(1);
  expect(await client.executions.get('job')).toMatchObject({ status: 'cancelled', status_reason: 'enough' });
});

test('a client with the definitions goes on at once with a run that no process has', async () => {
  using dir = workspace();
  await using client = await troupeClient({ db: db(dir), definitions });
  await killedWhileItWaits(dir, 'publish.ts', client);
  await client.executions.input('job', { value: { ok: true } });
  await expect
    .poll(async () => (await client.executions.get('job')).status, { timeout: limits.step, interval: 10 })
    .toBe('completed');
  expect((await client.executions.get('job')).result).toBe('published: about actors');
});

test('of two processes that resume a run at once, one has it', async () => {
  using dir = workspace();
  await using first = await troupeClient({ db: db(dir), definitions });
  await using second = await troupeClient({ db: db(dir), definitions });
  await killedWhileItWaits(dir, 'listen.ts', first);
  const both = await Promise.allSettled([first.executions.resume('job'), second.executions.resume('job')]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await using reader = await openRuntime({ db: db(dir) });
  expect(await reader.journal.claims({ run: 'job' })).toHaveLength(1);
  await second.executions.signal('job', 'news', 'good');
  await expect
    .poll(async () => (await first.executions.get('job')).status, { timeout: limits.step, interval: 10 })
    .toBe('completed');
  // Its one signal was taken once.
  expect((await first.executions.get('job')).checkpoints).toHaveLength(1);
});
