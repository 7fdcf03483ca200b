/** The store on a real nats-server keeps the contract of every shared store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { jetstreamStore } from '../../../src/journal/shared/jetstream/jetstreamStore.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';
import { storeSuite } from './storeSuite.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer('jetstream { sync_interval: 2m }');
});
afterAll(() => server[Symbol.asyncDispose]());
let count = 0;
const clock = systemClock();
const connect = async () => {
  const connection = await connectNats({ servers: server.url });
  onTestFinished(() => connection.close());
  return connection;
};

storeSuite('a store on a nats-server', async () => {
  const tenant = `t${count++}`;
  return {
    open: async () => jetstreamStore({ connection: await connect(), clock, tenant }),
    pass: (ms) => sleep(ms),
    async freeze(process) {
      const connection = await connect();
      connection.subscribe(`troupe.${tenant}._process.ping.${process}`, { callback: () => {} });
      await connection.flush();
    },
    async restart() {
      await server.kill('SIGKILL');
      await server.restart();
    },
  };
});
