/** The memory of waiting actors: passivated actors of a few runs, and runs with one actor each, on the shared journal. Run with --expose-gc to measure memory. */
import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { setup } from 'xstate';
import { jetstream } from '../../../src/journal/shared/jetstream/open.ts';
import { messageStreams, streamName } from '../../../src/journal/shared/jetstream/streams.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { actorType } from '../../../src/engine/nodePlatform.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { Host } from '../../../src/engine/host.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { nats } from '../../../src/transport/nats/nats.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

const waiting = setup({}).createMachine({ id: 'waiting', initial: 'on', states: { on: { on: { go: {} } } } });
const each = 100;
const invoking = (src: string, count: number) => Array.from({ length: count }, (_, i) => ({ src, id: `${src}${i}` }));
/** A run with `count` hundreds of actors. */
const parentMachine = (hundreds: number) => {
  const hundred = setup({ actors: { waiting } }).createMachine({
    id: 'hundred',
    invoke: invoking('waiting', each) as { src: 'waiting'; id: string }[],
  });
  return setup({ actors: { hundred } }).createMachine({
    id: 'family',
    invoke: invoking('hundred', hundreds) as { src: 'hundred'; id: string }[],
  });
};

interface Measured {
  readonly process: number;
  readonly replica: number;
  readonly server: number;
  readonly stream: number;
  readonly subscriptions: number;
}

export async function passivatedActors(): Promise<void> {
  const runs = 5;
  console.log(
    `\nPassivated actors of ${runs} runs: bytes per actor, and subscriptions of this connection at the server`,
  );
  for (const count of [1_000, 10_000, 100_000]) {
    const type = actorType(parentMachine(count / each / runs));
    print(count, await measured(type, runs, count));
  }
  console.log('\nRuns of one passivated actor: bytes per run, and subscriptions');
  for (const count of [10, 100, 1_000]) print(count, await measured(actorType(waiting), count, count));
}

/** The memory that `runs` runs of a type add, when all their actors are passivated. */
async function measured(type: ReturnType<typeof actorType>, runs: number, count: number): Promise<Measured> {
  await using server = await natsServer('jetstream {}');
  const clock = virtualClock();
  const connection = await connectNats({ servers: server.url });
  const manager = await jetstreamManager(connection);
  await using journal = await jetstream({ connection, clock: systemClock(), folder: server.stateFolder });
  const transport = nats({ connection, clock: systemClock() });
  const commits = { count: 0 };
  const host = new Host({
    journal,
    transport,
    clock,
    lease: { owner: 'bench', ttl: 1e12 },
    observe: ({ type: what }) => void (commits.count += Number(what === 'commit')),
    idle: 1_000,
    poll: 1e12,
  });
  await begin('warm', actorType(parentMachine(1)), 1, each + 2); // The one-time cost of the first ones is not counted.
  const before = await measureNow();
  await begin('r', type, runs, count === runs ? count : count + count / each + runs);
  const after = await measureNow();
  host.abandon();
  await transport[Symbol.asyncDispose]();
  await connection.close();
  const added = Object.entries(after).map(([key, value]) => [key, value - before[key as keyof Measured]]);
  return Object.fromEntries(added) as Measured;

  /** Starts the runs: each actor starts with one commit, and is passivated after two rounds without work. */
  async function begin(name: string, of: typeof type, many: number, expected: number): Promise<void> {
    commits.count = 0;
    const start = (_: unknown, n: number) => host.start(of, { run: `${name}${n}`, input: null });
    const roots = await Promise.all(Array.from({ length: many }, start));
    while (commits.count < expected) await sleep(50);
    do {
      clock.advance(1_500);
      await sleep(20);
    } while (roots.some((root) => host.actor(root)));
    clock.advance(1_500);
    await sleep(20);
  }

  async function measureNow(): Promise<Measured> {
    await connection.flush();
    globalThis.gc?.();
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    const { mem } = await monitorData<{ mem: number }>('/varz');
    const { connections } = await monitorData<{ connections: { subscriptions: number }[] }>('/connz');
    const subscriptions = connections.reduce((sum, one) => sum + one.subscriptions, 0);
    const streams = await Promise.all(
      messageStreams.map((stream) => manager.streams.info(streamName('default', stream))),
    );
    return {
      process: heapUsed + external,
      replica: await sizeOf(server),
      server: mem,
      stream: streams.reduce((sum, { state }) => sum + state.bytes, 0),
      subscriptions,
    };
  }

  async function monitorData<T>(path: string): Promise<T> {
    return (await (await fetch(new URL(path, server.monitor))).json()) as T;
  }
}

async function sizeOf({ stateFolder }: NatsServer): Promise<number> {
  const files = await readdir(stateFolder).catch(() => []);
  return files.reduce((sum, file) => sum + statSync(join(stateFolder, file)).size, 0);
}

function print(count: number, measured: Measured): void {
  const bytes = (key: keyof Measured) => `${Math.round(measured[key] / count)}`.padStart(7);
  console.log(
    `  ${String(count).padStart(7)}   process ${bytes('process')} (on disk ${bytes('replica')})   server ${bytes('server')} (on disk ${bytes('stream')})   subscriptions ${measured.subscriptions}`,
  );
}
