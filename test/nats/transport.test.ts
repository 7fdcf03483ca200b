/** The bus keeps the contract of every transport, on a real server. */
import { afterAll, beforeAll } from 'vitest';
import { transportSuite } from 'troupe/testing/suites';
import { nats, type NatsTransport } from '../../src/transport/nats/nats.ts';
import { natsServer, type NatsServer } from './server.ts';

let server: NatsServer;
let opened: NatsTransport;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

let tenant = 0;
transportSuite('nats', {
  open: async (clock) => (opened = await nats({ servers: server.url, clock, tenant: `t${tenant++}` })),
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: async () => {
    await opened.connection.flush();
    await opened.connection.flush();
  },
});
