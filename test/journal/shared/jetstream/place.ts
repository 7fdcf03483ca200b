/** A nats-server of a test file, and stores on it. */
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { jetstreamStore, type JetStreamStoreOptions } from '../../../../src/journal/shared/jetstream/jetstreamStore.ts';
import type { SharedStore } from '../../../../src/journal/shared/store.ts';
import { connectNats } from '../../../../src/nats/connection.ts';
import { systemClock } from '../../../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../../../nats/server.ts';

let count = 0;
/** A tenant that no other test has. */
export const newTenant = (): string => `t${count++}`;

/** Starts a server before the tests of the file, and removes it after them. */
export function placeOfFile(config?: string) {
  let server: NatsServer;
  beforeAll(async () => {
    server = await natsServer(config);
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const connect = async () => {
    const connection = await connectNats({ servers: server.url });
    onTestFinished(() => connection.close());
    return connection;
  };
  return {
    get server() {
      return server;
    },
    connect,
    /** Opens a store over a connection of its own; both are closed with the test. */
    async open(tenant: string, options: Partial<JetStreamStoreOptions> = {}): Promise<SharedStore> {
      const store = await jetstreamStore({ connection: await connect(), clock: systemClock(), tenant, ...options });
      onTestFinished(() => store[Symbol.asyncDispose]());
      return store;
    },
    manager: async () => jetstreamManager(await connect()),
  };
}

/** A message with this text. */
export const textMessage = (text: string) => ({ headers: {}, body: new TextEncoder().encode(text) });
/** The texts of a log. */
export async function textsOf(logs: SharedStore['logs'], name: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { body } of logs.read(name)) texts.push(new TextDecoder().decode(body));
  return texts;
}
