/** The bus keeps the contract of every transport, on a real server. */
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll } from 'vitest';
import { transportSuite } from 'troupe/testing/suites';
import { dial } from '../../src/nats/connection.ts';
import { nats } from '../../src/transport/nats/nats.ts';
import { natsServer, type NatsServer } from './server.ts';

let server: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  server = await natsServer();
  connection = await dial({ servers: server.url });
});
afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

let tenant = 0;
transportSuite('nats', {
  open: async (clock) => nats({ connection, clock, tenant: `t${tenant++}` }),
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: async () => {
    await connection.flush();
    await connection.flush();
  },
});
