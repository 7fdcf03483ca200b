/** `troupe doctor --repair`: a damaged run is set aside, a copy of it is kept, the others go on, and its key can be used again. */
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { agent, machine, openRuntime, run, type RunOptions } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { doctorCommand } from '../../src/cli/commands/doctor.ts';
import { main } from '../../src/cli/program.ts';
import { openSqliteDriver } from '../../src/journal/sqlite/driver.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { natsServer } from '../nats/server.ts';
import { fakeCli } from './fakeCli.ts';

const greeter = (says: string) => agent({ name: 'greeter', model: scriptedModel(() => ({ text: says })) });

interface Place extends AsyncDisposable {
  readonly cwd: string;
  readonly flags: { db?: string; nats?: string };
  readonly options: Pick<RunOptions, 'db' | 'nats'>;
  damage(run: string): Promise<void>;
}

const places: Record<string, () => Promise<Place>> = {
  async 'a file'() {
    const cwd = mkdtempSync(join(tmpdir(), 'troupe-repair-'));
    const db = join(cwd, 'j.db');
    return {
      cwd,
      flags: { db },
      options: { db },
      async damage(id) {
        const file = await openSqliteDriver(db);
        file
          .prepare('UPDATE commits SET hash = ? WHERE seq = 1 AND actor IN (SELECT id FROM actors WHERE run = ?)')
          .run('x', id);
        file.close();
      },
      async [Symbol.asyncDispose]() {},
    };
  },
  async 'a shared journal'() {
    const server = await natsServer();
    const cwd = mkdtempSync(join(tmpdir(), 'troupe-repair-'));
    const folder = join(cwd, '.troupe');
    return {
      cwd,
      flags: { nats: server.url },
      options: { nats: { servers: server.url, folder } },
      async damage(id) {
        const connection = await connectNats({ servers: server.url });
        const { streams } = await jetstreamManager(connection);
        const subject = `troupe.default._runs.${id}`;
        const last = await streams.getMessage('troupe_default_runs', { last_by_subj: subject });
        if (!last) throw new Error(`There is no run ${id}.`);
        last.header.delete('Nats-Expected-Last-Subject-Sequence');
        await connection.request(subject, last.data, { headers: last.header, timeout: 10_000 });
        await connection.close();
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

describe.each(Object.entries(places))('in %s', (_, open) => {
  test('a damaged run is named and left as it is; with --yes it is set aside, a copy is kept, and its key begins anew', async () => {
    await using place = await open();
    const { cwd, flags, options } = place;
    const ask = (key: string, says = 'Hello!') => run(greeter(says), 'Hi.', { key, ...options });
    const doctor = async (more: object) => {
      const cli = fakeCli({ cwd, open: (given) => openRuntime({ ...given, ...options, env: {} }) });
      const code = await doctorCommand(cli, { ...flags, ...more, json: true });
      const found = JSON.parse(cli.outputText()) as { what: string; ok: unknown; says: string }[];
      const of = (what: string) => found.filter((each) => each.what === what);
      return { code, repair: of('repair'), journal: of('journal') };
    };
    for (const key of ['bad', 'good']) expect(await ask(key)).toBe('Hello!');
    expect(await doctor({ repair: true })).toMatchObject({
      repair: [{ ok: true, says: 'no run is damaged' }],
      journal: [{ ok: true }],
    });
    await place.damage('bad');
    await expect(ask('bad')).rejects.toMatchObject({ kind: 'corrupt' });

    const copies = () => readdirSync(cwd, { recursive: true }).filter((name) => String(name).includes('bad.'));
    for (const more of [{}, { repair: true }])
      expect(await doctor(more)).toMatchObject({
        code: 1,
        repair:
          'repair' in more ? [{ ok: 'note', says: expect.stringMatching(/"bad" would be set aside.*--yes/) }] : [],
        journal: [{ ok: false, says: expect.stringContaining('--repair') }],
      });
    expect(copies()).toEqual([]);
    await expect(ask('bad')).rejects.toMatchObject({ kind: 'corrupt' });

    expect(await doctor({ repair: true, yes: true })).toMatchObject({
      repair: [{ ok: true, says: expect.stringMatching(/"bad" was set aside/) }],
      journal: [{ ok: true }],
    });
    const [copy = ''] = copies().map(String);
    expect(readFileSync(join(cwd, copy), 'utf8').trim().split('\n').length).toBeGreaterThan(1);
    expect(statSync(join(cwd, copy)).mode & 0o077).toBe(0);
    expect(await ask('good', 'Again!')).toBe('Hello!');
    expect(await ask('bad', 'Anew!')).toBe('Anew!');
    expect(await doctor({})).toMatchObject({ journal: [{ ok: true }] });
  });
});

test('a run that a process is running is not set aside', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'troupe-repair-'));
  await using runtime = await openRuntime({ db: join(cwd, 'j.db'), env: {} });
  const gate = machine(setup({}).createMachine({ id: 'gate', initial: 'shut', states: { shut: {} } }));
  const handle = await runtime.start(gate, null, { key: 'busy' });
  const kept: unknown[] = [];
  await expect(
    runtime.journal.setAside?.(handle.id, { now: Date.now(), keep: (copy) => kept.push(copy) }),
  ).rejects.toMatchObject({ kind: 'owned_elsewhere' });
  expect(kept).toEqual([]);
});

test('the command line takes the options, and the help shows them', async () => {
  const cli = fakeCli();
  await main(['doctor', '--help'], cli);
  expect(cli.outputText()).toMatch(/--repair .*set aside/s);
});
