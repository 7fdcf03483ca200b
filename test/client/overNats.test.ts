/** The suite of the client over NATS: it asks a control server, and opens no journal. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { troupeClient } from '../../src/client/index.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { clientSuite } from './suite.ts';
import { overNats } from './worlds.ts';

let server: NatsServer;
beforeAll(async () => {
  // Nothing is stored on it: a server without JetStream will do.
  server = await natsServer('');
});
afterAll(() => server[Symbol.asyncDispose]());

clientSuite(
  'over NATS',
  overNats(() => server.url),
);

test('a control server over NATS needs the server to be named, and has all other parts itself', async () => {
  await expect(troupeClient({ control: true })).rejects.toMatchObject({ kind: 'definition' });
  await expect(troupeClient({ control: true, http: 'http://127.0.0.1:1' })).rejects.toMatchObject({
    kind: 'definition',
  });
});
