/** A `.creds` file that is renewed while a process is connected: its keys expire, or are taken back. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { connectNats } from '../../src/nats/connection.ts';
import { natsServer } from './server.ts';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Claims as NATS signs them. */
function token(issuer: KeyPair, subject: string, nats: object): string {
  const claims = { jti: subject, iat: 1_000, iss: issuer.getPublicKey(), name: subject, sub: subject, nats };
  const signed = `${encoded({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encoded(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString('base64url')}`;
}

const [operator, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true };

/** `revoked`: public keys of users that are not accepted any more. */
const config = (...revoked: string[]) => {
  const ofAccount = {
    type: 'account',
    version: 2,
    limits: unlimited,
    revocations: Object.fromEntries(revoked.map((key) => [key, 2_000])),
  };
  const accounts = [account, system].map(
    (each) => `${each.getPublicKey()}: ${token(operator, each.getPublicKey(), ofAccount)}`,
  );
  const ofOperator = { type: 'operator', version: 2, system_account: system.getPublicKey() };
  return `operator: ${token(operator, operator.getPublicKey(), ofOperator)}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${accounts.join(', ')} }`;
};

const credsOf = (user: KeyPair) => `-----BEGIN NATS USER JWT-----
${token(account, user.getPublicKey(), { type: 'user', version: 2, subs: -1, data: -1, payload: -1 })}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`;

test('a process that is connected goes on with the keys of a .creds file that was replaced', async () => {
  const [before, after] = [nkeys.createUser(), nkeys.createUser()];
  await using server = await natsServer(config());
  mkdirSync(server.stateFolder, { recursive: true });
  const creds = join(server.stateFolder, 'shop.creds');
  writeFileSync(creds, credsOf(before));
  const connection = await connectNats({ servers: server.url, creds });
  onTestFinished(() => connection.close());
  let reconnects = 0;
  void (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') reconnects++;
  })();
  await server.kill();
  // What renews it may write it in two steps.
  writeFileSync(creds, '');
  await server.restart(config(before.getPublicKey()));
  writeFileSync(creds, credsOf(after));
  await expect.poll(() => reconnects).toBe(1);
  await connection.flush();
});
