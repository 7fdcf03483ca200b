/** Streams of the journal that somebody has deleted: nobody goes on without what they held unless they say so. */
import { expect, onTestFinished, test } from 'vitest';
import { setup } from 'xstate';
import { machine } from 'troupe';
import { openRuntime } from '../../../../src/runtime/runtime.ts';
import { messageStreams } from '../../../../src/journal/shared/jetstream/streams.ts';
import { newTenant, placeOfFile } from './place.ts';

const place = placeOfFile();

const bell = machine(
  setup({ types: {} as { events: { type: 'ring' } } }).createMachine({
    id: 'bell',
    initial: 'silent',
    states: { silent: { on: { ring: 'rung' } }, rung: { type: 'final' } },
  }),
);

/** A runtime on a machine of its own, which has seen nothing of the journal. */
async function onMachine(tenant: string, name: string, more: { readonly acceptRestored?: true } = {}) {
  const folder = `${place.server.stateFolder}/${tenant}-${name}`;
  const nats = { servers: place.server.url, tenant, folder, ...more };
  const runtime = await openRuntime({ nats, env: {} });
  // What a process gives back when it closes is refused where the journal is gone.
  onTestFinished(() => runtime.close().catch(() => {}));
  return runtime;
}
async function deleteStreams(tenant: string, which: readonly string[]): Promise<void> {
  const { streams } = await place.manager();
  for (const stream of which) await streams.delete(`troupe_${tenant}_${stream}`);
}

test('a start where one of the streams was deleted is refused, on every machine, until the loss is accepted', async () => {
  const loss = async (stream: string) => {
    const tenant = newTenant();
    const before = await onMachine(tenant, 'a');
    await before.start(bell, null, { key: 'noon' });
    await deleteStreams(tenant, [stream]);
    const says = new RegExp(
      `troupe_${tenant}_${stream} is gone.*may still be loading.*try again.*Put it back.*--nats-accept-restored`,
      's',
    );
    const refused = { kind: 'environment', retryable: false, message: expect.stringMatching(says) as string };
    const starts = ['b', 'c'].map((name) => expect(onMachine(tenant, name)).rejects.toMatchObject(refused));
    await Promise.all(starts);
    await expect(onMachine(tenant, 'b', { acceptRestored: true })).resolves.toBeDefined();
    await expect(onMachine(tenant, 'c')).resolves.toBeDefined();
  };
  await Promise.all(messageStreams.map(loss));
});

test('a start that was interrupted while it made the streams is repeated without a word', async () => {
  const tenant = newTenant();
  await (await onMachine(tenant, 'a')).close();
  await deleteStreams(tenant, ['mail', 'parts']);
  await expect(onMachine(tenant, 'b')).resolves.toBeDefined();
});

test('a process whose journal was deleted and begun anew by another one is told so by its next write', async () => {
  const tenant = newTenant();
  const before = await onMachine(tenant, 'a');
  const run = await before.start(bell, null, { key: 'noon' });
  await deleteStreams(tenant, messageStreams);
  const after = await onMachine(tenant, 'b');
  await after.start(bell, null, { key: 'midnight' });
  await expect(before.start(bell, null, { key: 'dawn' })).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(/shared journal is another one/) as string,
  });
  expect(before.journal.lost?.()).toMatchObject({ kind: 'environment' });
  expect((await after.journal.find({ parent: null })).map(({ run }) => run)).toEqual(['midnight']);
  expect(run.id).toBe('noon');
});
