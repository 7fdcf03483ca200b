/** A server that was restored from a backup does not have what ended since: nobody goes on with it unless they say so. */
import { expect, test } from 'vitest';
import { jetstream, type JetStreamOptions } from '../../../src/journal/replicated/jetstream.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { natsServer } from '../../nats/server.ts';

const clock = systemClock();
const olderState = {
  kind: 'environment',
  retryable: false,
  message: expect.stringMatching(/older state.*Put the newer store back.*--nats-accept-restored/s) as string,
};
const said = (journal: Journal) => journal.list('agent/a', 'said');
const commitTo = (journal: Journal, seq: number) =>
  journal.commit(commitFor({ seq, appends: [{ list: 'said', entry: seq }] }));

test('a restored server is refused by running processes and at a start, also after others have written to it; the flag accepts it', async () => {
  await using server = await natsServer();
  const folder = server.replicaFolder;
  const connections: { close(): Promise<void> }[] = [];
  const open = async (more: Partial<JetStreamOptions> = {}) => {
    const connection = await connectNats({ servers: server.url });
    connections.push(connection);
    const notices: string[] = [];
    const onNotice = (says: string) => void notices.push(says);
    return { journal: await jetstream({ connection, clock, onNotice, ...more }), notices };
  };
  const { journal } = await open({ folder });
  const { journal: inMemory } = await open();
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await commitTo(journal, 1);
  await server.kill();
  const restore = server.backUpStore();
  await server.restart();
  await expect
    .poll(() =>
      commitTo(journal, 2).then(
        () => 'stored',
        (thrown: unknown) => thrown,
      ),
    )
    .toBe('stored');
  await expect.poll(() => said(inMemory)).toEqual([1, 2]);

  await server.kill();
  restore();
  await server.restart();
  for (const running of [journal, inMemory]) {
    await expect.poll(() => running.lost?.()).toMatchObject(olderState);
    await expect(commitTo(running, 3)).rejects.toMatchObject(olderState);
    expect(running.trouble?.()).toMatch(/older state/);
    expect(await said(running)).toEqual([1, 2]);
    await running[Symbol.asyncDispose]();
  }
  await expect(open({ folder })).rejects.toMatchObject(olderState);

  // A process without a file cannot know better. What it writes does not make the state a newer one.
  const { journal: unknowing } = await open();
  expect(await unknowing.claim('r', 'other', { now: commitTime + 1e6, ttl: 1_000 })).toBe(2);
  for (let n = 0; n < 10; n++) await unknowing.renew('r', 2, commitTime + 1e6 + n);
  await expect(open({ folder })).rejects.toMatchObject(olderState);

  const { journal: told, notices } = await open({ folder, acceptRestored: true });
  expect(await said(told)).toEqual([1]);
  expect(notices).toEqual([expect.stringContaining('has lost entries') as string]);
  await told[Symbol.asyncDispose]();
  // It is accepted once, and known from then on.
  const { journal: later } = await open({ folder });
  expect(await said(later)).toEqual([1]);
  await later[Symbol.asyncDispose]();
  await unknowing[Symbol.asyncDispose]();
  for (const connection of connections) await connection.close();
});
