/** A server on another machine needs credentials and TLS. `0.0.0.0` represents it here: it is this machine, but its name does not show that. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRuntime } from 'troupe';
import { parseServerUrls } from '../../src/nats/serverUrl.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { isLoopback } from '../../src/nats/tlsPolicy.ts';
import { natsSettings } from '../../src/nats/options.ts';
import { natsServer, type NatsServer } from './server.ts';

const pem = (name: string) => resolve(import.meta.dirname, 'fixtures/tls', `${name}.pem`);
const credentials = { user: 'u', password: 'right' };
const authorization = 'authorization { user: "u", password: "right" }';
const folder = mkdtempSync(join(tmpdir(), 'troupe-exposure-'));

let plainServer: NatsServer;
let tlsServer: NatsServer;
const remoteUrl = (server: NatsServer) => server.url.replace('127.0.0.1', '0.0.0.0');
beforeAll(async () => {
  plainServer = await natsServer(authorization);
  tlsServer = await natsServer(`${authorization}\ntls { cert_file: "${pem('cert')}", key_file: "${pem('key')}" }`);
});
afterAll(async () => {
  await plainServer[Symbol.asyncDispose]();
  await tlsServer[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test.each(['nats://127.0.0.1:4222', '127.1.2.3', 'localhost:4222', 'tls://[::1]:4222', 'nats://u:p@localhost'])(
  '%s is this machine',
  (server) => expect(isLoopback(server)).toBe(true),
);
test.each(['nats://10.0.0.5:4222', '0.0.0.0:4222', 'localhost.example.org', '127.0.0.1.example.org', '[::2]:4222'])(
  '%s is another machine',
  (server) => expect(isLoopback(server)).toBe(false),
);

test('without credentials no connection is made, and the message says what to give', async () => {
  const calling = connectNats({ servers: remoteUrl(tlsServer), tls: { ca: pem('cert') } });
  await expect(calling).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/there are no credentials for it\..*--nats-creds.*TROUPE_NATS_INSECURE=1/) as string,
  });
});

test('a server without TLS does not get the password, and the message says what to do', async () => {
  await expect(connectNats({ servers: remoteUrl(plainServer), ...credentials })).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(/has no TLS, and it is on another machine.*--tls CERT,KEY/) as string,
  });
});

test('with credentials and TLS the connection is made; with an untrusted certificate it is not', async () => {
  const connection = await connectNats({ servers: remoteUrl(tlsServer), ...credentials, tls: { ca: pem('cert') } });
  expect(connection.info?.tls_required).toBe(true);
  await connection.close();
  await expect(connectNats({ servers: remoteUrl(tlsServer), ...credentials })).rejects.toMatchObject({
    kind: 'environment',
  });
});

test('an unencrypted connection can be allowed explicitly: by an option, or by an environment variable', async () => {
  await (await connectNats({ servers: remoteUrl(plainServer), ...credentials, insecure: true })).close();
  const nats = { servers: remoteUrl(plainServer), ...credentials };
  await expect(openRuntime({ env: {}, db: 'memory', nats })).rejects.toMatchObject({ kind: 'environment' });
  await (await openRuntime({ env: { TROUPE_NATS_INSECURE: '1' }, db: 'memory', nats })).close();
});

test('unreadable or invalid credentials are reported as such, without their content', async () => {
  const emptyFile = join(folder, 'nothing.nk');
  writeFileSync(emptyFile, 'hunter2\n');
  const wrong = connectNats({ servers: plainServer.url, creds: emptyFile });
  await expect(wrong).rejects.toMatchObject({ kind: 'auth', message: expect.stringContaining('SU…') as string });
  await expect(wrong).rejects.not.toThrow(/hunter2/);
  await expect(connectNats({ servers: plainServer.url, creds: join(folder, 'none.nk') })).rejects.toMatchObject({
    kind: 'auth',
  });
});

test('credentials come from environment variables, unless the program gives them', async () => {
  const env = { TROUPE_NATS: plainServer.url, TROUPE_NATS_CREDS: join(folder, 'none.nk') };
  await expect(openRuntime({ env, db: 'memory' })).rejects.toMatchObject({ kind: 'auth' });
  await (await openRuntime({ env, db: 'memory', nats: { servers: plainServer.url, ...credentials } })).close();
});

test('a password in the server URL is used, and appears in no message', async () => {
  const at = (who: string, port?: string) => plainServer.url.replace('//', `//${who}@`).replace(/\d+$/, port ?? '$&');
  await (await connectNats({ servers: at('u:right') })).close();
  await (await connectNats(natsSettings(at('u:right'), { TROUPE_NATS_CREDS: 'not-there' })!)).close();
  for (const servers of [
    at('u:hunter2'),
    at('u:hunter2', '9'),
    'nats://u:hunter2@0.0.0.0:9',
    'nats://hunter2@0.0.0.0:9',
  ])
    await expect(connectNats({ servers })).rejects.toMatchObject({
      message: expect.not.stringContaining('hunter2') as string,
    });
});

test.each([
  ['nats://a:1, nats://b:2', { servers: ['nats://a:1', 'nats://b:2'] }],
  ['nats://us%40er:p%3Aw:x@a', { servers: ['nats://a'], user: 'us@er', password: 'p:w:x' }],
  ['nats://a,nats://secret@b', { servers: ['nats://a', 'nats://b'], token: 'secret' }],
])('%s is parsed', (servers, read) => expect(parseServerUrls(servers)).toEqual(read));
