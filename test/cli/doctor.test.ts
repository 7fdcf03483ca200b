/** `troupe doctor` on a shared journal: the state of the server, its durability, and the state of this machine's copy. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { doctorCommand } from '../../src/cli/commands/doctor.ts';
import { openRuntime, type RuntimeOptions } from '../../src/runtime/runtime.ts';
import { fakeCli } from './fakeCli.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean | 'note';
  readonly says: string;
}
const text = (pattern: RegExp) => expect.stringMatching(pattern) as string;
const cwd = mkdtempSync(join(tmpdir(), 'troupe-doctor-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
async function findings(server: NatsServer, env: Record<string, string> = {}) {
  const open = (options: RuntimeOptions) =>
    openRuntime({ ...options, nats: { servers: server.url, folder: join(cwd, '.troupe') } });
  const cli = fakeCli({ cwd, env, open });
  await doctorCommand(cli, { nats: server.url, json: true });
  const found = JSON.parse(cli.outputText()) as Finding[];
  return (what: string) => found.find((finding) => finding.what === what);
}
afterEach(() => vi.restoreAllMocks());

test('doctor shows the server of a shared journal, its streams and its processes', async () => {
  await using server = await natsServer();
  const found = await findings(server);
  expect(found('journal')).toMatchObject({ ok: true, says: text(/^shared: 0 actors/) });
  expect(found('server')).toMatchObject({ ok: true, says: text(/^nats:\/\/127\.0\.0\.1:\d+, 2\.\d+\.\d+/) });
  expect(found('stream')).toMatchObject({
    says: text(/^troupe_default_log: 0 messages \(0\.0 kB\).*kept on 1 server$/),
  });
  expect(found('processes')).toMatchObject({ ok: true, says: text(/^0 logs of processes/) });
  expect(found('storage')).toMatchObject({ ok: true });
  expect(found('clock')).toMatchObject({ ok: true, says: text(/^0\.\d s (ahead of|behind) the server's$/) });
  expect(found('disk')).toMatchObject({ ok: true, says: text(/\.troupe$/) });
  expect(found('durability')).toMatchObject({ ok: 'note', says: text(/^unknown: .*TROUPE_NATS_MONITOR/) });
});

test('doctor reads the durability of the server from its monitor: safe, lossy, of another server, not reachable', async () => {
  await using safe = await natsServer();
  await using lossy = await natsServer('jetstream { sync_interval: "30s" }');
  const durability = async (server: NatsServer, monitor: string, more = {}) =>
    (await findings(server, { TROUPE_NATS_MONITOR: monitor, ...more }))('durability');
  expect(await durability(safe, safe.monitor)).toMatchObject({ ok: true, says: text(/^safe: sync_interval: always/) });
  expect(await durability(safe, lossy.monitor)).toMatchObject({ ok: 'note', says: text(/^unknown: .*another server/) });
  expect(await durability(safe, 'http://127.0.0.1:1')).toMatchObject({
    ok: 'note',
    says: text(/^unknown: .*no answer/),
  });
  const wanted = { TROUPE_NATS_DURABILITY: 'lossy' };
  expect(await durability(lossy, lossy.monitor, wanted)).toMatchObject({
    ok: true,
    says: text(/^lossy: .*every 30 s/),
  });
});

test('a server that may lose acknowledged data causes one warning at the start, unless it is allowed', async () => {
  await using lossy = await natsServer('jetstream { sync_interval: "30s" }');
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const place = { servers: lossy.url, monitor: lossy.monitor, folder: join(cwd, '.troupe') };
  for (const durability of ['lossy', undefined] as const) {
    await using runtime = await openRuntime({ nats: durability ? { ...place, durability } : place });
    expect(await runtime.tickets()).toEqual([]);
  }
  expect(warned.mock.calls).toEqual([[text(/^The shared journal is lossy: .*sync_interval: always/), 'TroupeWarning']]);
});
