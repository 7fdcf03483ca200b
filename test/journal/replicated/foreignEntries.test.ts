/** What another program puts on the journal's subject stops nobody: it is skipped by every process alike, counted, and named by `troupe doctor`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jetstream, type JetStreamOptions } from '../../../src/journal/replicated/jetstream.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

let server: NatsServer;
const clock = systemClock();
const folder = mkdtempSync(join(tmpdir(), 'troupe-foreign-'));
const connections: NatsConnection[] = [];
beforeAll(async () => {
  server = await natsServer();
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
async function open(tenant: string, more: Partial<JetStreamOptions> = {}) {
  const connection = await connectNats({ servers: server.url });
  connections.push(connection);
  return jetstream({ connection, clock, tenant, ...more });
}

interface Form {
  readonly bytes: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}
const entry = (fields: object) => JSON.stringify({ by: 'x', from: 0, after: 0, writes: [['settle', [[]]]], ...fields });
/** An entry with the id that a process would give it: only what it holds is wrong. */
const ofProcess = (name: string, writes: unknown): Form => ({
  bytes: JSON.stringify({ by: name, from: 0, after: 0, writes }),
  headers: { 'Nats-Msg-Id': `0-${name}-0` },
});
const commit = commitFor({ seq: 1, actor: 'agent/forged' });
const without = (key: keyof typeof commit) =>
  Object.fromEntries(Object.entries(commit).filter(([name]) => name !== key));

const forms: Readonly<Record<string, Form>> = {
  'nothing at all': { bytes: '' },
  'a text that is no JSON': { bytes: 'hello from a dashboard' },
  'half an entry': { bytes: entry({}).slice(0, 30) },
  'binary data': { bytes: Uint8Array.from({ length: 2_000 }, (_, n) => (n * 37) % 256) },
  'invalid UTF-8 within JSON': {
    bytes: Buffer.concat([Buffer.from('{"by":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')]),
  },
  null: { bytes: 'null' },
  'a number': { bytes: '7' },
  'a list': { bytes: '[["commit",[]]]' },
  'an object of something else': { bytes: '{"event":"deploy","service":"api"}' },
  'a writer that is no name': { bytes: entry({ by: 7 }) },
  'an empty writer': { bytes: entry({ by: '' }), headers: { 'Nats-Msg-Id': '0--0' } },
  'numbers that are none': { bytes: entry({ from: '0', after: null }) },
  'a number below zero': { bytes: entry({ from: -1 }), headers: { 'Nats-Msg-Id': '0-x--1' } },
  'a number too large': { bytes: entry({ from: 1e300 }) },
  'the last number there is': {
    bytes: entry({ from: Number.MAX_SAFE_INTEGER }),
    headers: { 'Nats-Msg-Id': `0-x-${Number.MAX_SAFE_INTEGER}` },
  },
  'writes that are no list': { bytes: entry({ writes: {} }) },
  'no writes': { bytes: entry({ writes: [] }) },
  'a write that is null': { bytes: entry({ writes: [null] }) },
  'a write that is a text': { bytes: entry({ writes: ['commit'] }) },
  'a write without arguments': { bytes: entry({ writes: [['commit']] }) },
  'arguments that are no list': { bytes: entry({ writes: [['commit', {}]] }) },
  'an unknown kind': { bytes: entry({ writes: [['teleport', []]] }) },
  'a kind that objects have': { bytes: entry({ writes: [['__proto__', []]] }) },
  'another version of the format': { bytes: JSON.stringify({ v: 99, entries: [{ op: 'commit' }] }) },
  'an entry of a stranger': {
    bytes: entry({ writes: [['claim', ['r', 'thief', { now: commitTime + 1e9, ttl: 1e9 }, null]]] }),
  },
  'the id of another entry': { bytes: entry({}), headers: { 'Nats-Msg-Id': '0-y-0' } },
  'an object that is not there': { bytes: '', headers: { 'Troupe-Blob': 'nothing' } },
  'an object under its own id': { bytes: '', headers: { 'Troupe-Blob': 'job', 'Nats-Msg-Id': 'job' } },
  'headers of all kinds': {
    bytes: '',
    headers: { 'Troupe-Type': 'x', 'Content-Type': 'text/plain', 'Nats-Msg-Id': 'ü'.repeat(300) },
  },
  'a large message': { bytes: 'x'.repeat(900_000) },
  'a commit of nothing': ofProcess('w1', [['commit', [null]]]),
  'a commit without an actor': ofProcess('w2', [['commit', [without('actor')]]]),
  'a commit with a list for a text': ofProcess('w3', [['commit', [{ ...commit, actor: ['agent/forged'] }]]]),
  'a commit with a time that no file can hold': ofProcess('w4', [['commit', [{ ...commit, updated: 1e300 }]]]),
  'a commit with half of an appended entry': ofProcess('w5', [
    ['commit', [{ ...commit, appends: [{ list: 'said' }] }]],
  ]),
  'a claim for all time': ofProcess('w6', [['claim', ['r', 'thief', { now: 1e308, ttl: null }, null]]]),
  'too many arguments': ofProcess('w7', [['release', ['r', 1, 2]]]),
  'a prune of everything': ofProcess('w8', [['prune', ['now']]]),
  'a good write beside a bad one': ofProcess('w9', [
    ['release', ['r', 1]],
    ['settle', [null]],
  ]),
  'mail for nobody': ofProcess('w10', [['post', [{ id: 'x', body: 1 }]]]),
};

test(`${Object.keys(forms).length} forms of foreign messages: the tenant goes on, every process has the same, and all of them are counted`, async () => {
  const running = await open('forms');
  const withFile = await open('forms', { folder });
  await running.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  const stranger = await connectNats({ servers: server.url });
  connections.push(stranger);
  let seq = 0;
  for (const [name, form] of Object.entries(forms)) {
    const sent = headers();
    for (const [key, value] of Object.entries(form.headers ?? {})) sent.set(key, value);
    stranger.publish('troupe.forms._journal', form.bytes, { headers: sent });
    await stranger.flush();
    await running.commit(commitFor({ seq: ++seq, appends: [{ list: 'said', entry: name }] }));
  }
  await withFile[Symbol.asyncDispose]();
  const [again, late] = [await open('forms', { folder }), await open('forms')];
  for (const journal of [running, again, late]) {
    await expect.poll(() => journal.list('agent/a', 'said')).toEqual(Object.keys(forms));
    expect(await journal.history({})).toEqual(await running.history({}));
    expect(await journal.claims()).toEqual(await running.claims());
    expect(await journal.find({ actor: 'agent/forged' })).toEqual([]);
    expect(journal.skipped?.()).toEqual(running.skipped?.());
    expect(journal.trouble?.()).toBeUndefined();
  }
  expect(running.skipped?.().count).toBe(Object.keys(forms).length);
  const line = (await late.status?.())?.find(({ what }) => what === 'skipped');
  expect(line).toMatchObject({
    ok: 'note',
    says: expect.stringMatching(/^40 messages of another program.*entry \d+ \(/) as string,
  });
  // The count goes on in a snapshot, which a process that joins starts from.
  await running.commit(commitFor({ seq: ++seq, status: 'done' }));
  await running.prune(commitTime + 1e9);
  const joined = await open('forms');
  expect(await joined.find({ run: 'r' })).toEqual([]);
  expect(joined.skipped?.().count).toBe(Object.keys(forms).length);
  for (const journal of [running, again, late, joined]) await journal[Symbol.asyncDispose]();
});

test('a tenant whose whole log is foreign can be joined', async () => {
  const first = await open('only');
  await first[Symbol.asyncDispose]();
  const stranger = await connectNats({ servers: server.url });
  connections.push(stranger);
  for (let n = 0; n < 5; n++) stranger.publish('troupe.only._journal', 'noise');
  await stranger.flush();
  const journal = await open('only', { folder });
  await expect.poll(() => journal.skipped?.().count).toBe(5);
  await journal[Symbol.asyncDispose]();
  // The last one that was skipped is what this process recognises the log by.
  const again = await open('only', { folder });
  expect(await again.claim('r', 'me', { now: commitTime, ttl: 1_000 })).toBe(1);
  await again[Symbol.asyncDispose]();
});
