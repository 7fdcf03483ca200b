/** Runs the contestants of a row, each in a process of its own, one after the other in every round: load on the machine affects all of them. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { natsServer, type NatsServer } from '../nats/server.ts';
import type { Assignment } from './contestant.ts';
import type { Build } from './build.ts';
import type { Profile } from './profile.ts';
import type { Contestant, Row, Sample } from './row.ts';

/** A contestant with the build that it is measured from. */
export interface Entrant {
  /** As it is printed: with the name of the build where there are two. */
  readonly name: string;
  readonly contestant: Contestant;
  readonly build: Build;
}

/** The samples of an entrant, one for each round; `undefined` when its build cannot do the work. */
export type Samples = ReadonlyMap<Entrant, readonly Sample[] | undefined>;

/** `driver`: the compiled benchmark. With `fresh` every round has new processes, and no round to warm up. */
export async function measured(
  row: Row,
  entrants: readonly Entrant[],
  driver: string,
  rounds: number,
): Promise<Samples> {
  const server = row.server === undefined ? undefined : await natsServer(row.server);
  const samples = new Map<Entrant, Sample[] | undefined>(entrants.map((entrant) => [entrant, []]));
  const open = new Map<Entrant, Worker>();
  try {
    for (let round = row.fresh ? 1 : 0; round <= rounds; round++) {
      for (const entrant of entrants) {
        const kept = samples.get(entrant);
        if (!kept) continue;
        const worker = open.get(entrant) ?? (await start(row, entrant, driver, server));
        if (!worker) {
          samples.set(entrant, undefined);
          continue;
        }
        open.set(entrant, worker);
        const { sample } = await worker.round();
        if (sample && round > 0) kept.push(sample);
        if (!row.fresh) continue;
        open.delete(entrant);
        await worker.end();
      }
    }
  } finally {
    for (const worker of open.values()) await worker.end();
    await server?.[Symbol.asyncDispose]();
  }
  return samples;
}

/** Profiles an entrant in `rounds` rounds, after as many to warm up. */
export async function profileOf(
  row: Row,
  entrant: Entrant,
  driver: string,
  rounds: number,
): Promise<Profile | undefined> {
  const server = row.server === undefined ? undefined : await natsServer(row.server);
  const worker = await start(row, entrant, driver, server, rounds);
  try {
    if (!row.fresh) await worker?.round();
    return (await worker?.round())?.profile;
  } finally {
    await worker?.end();
    await server?.[Symbol.asyncDispose]();
  }
}

/** What a process says after a round. */
interface Round {
  readonly sample?: Sample;
  readonly profile?: Profile;
}

interface Worker {
  round(): Promise<Round>;
  end(): Promise<void>;
}

async function start(
  row: Row,
  { contestant: { name: contestant }, build }: Entrant,
  driver: string,
  server: NatsServer | undefined,
  profile = 0,
): Promise<Worker | undefined> {
  const { modules, shipped } = build;
  const { url = '', monitor = '', pid = 0 } = server ?? {};
  const given = { modules, shipped, server: url, monitor, serverPid: pid };
  const assignment: Assignment = { row: row.name, contestant, ...given, profile };
  const child = fork(join(driver, 'contestant.js'), {
    execArgv: ['--expose-gc'],
    env: { ...process.env, TROUPE_BENCH: JSON.stringify(assignment), NODE_ENV: 'production' },
  });
  const { ready } = await answer<{ ready: boolean }>(child, row, contestant);
  if (!ready) return undefined;
  return {
    async round() {
      if (!child.connected) throw new Error(`"${contestant}" of the row "${row.name}" has ended.`);
      child.send('round');
      return await answer<Round>(child, row, contestant);
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.send('end');
      await once(child, 'exit');
    },
  };
}

async function answer<T>(child: ChildProcess, { name }: Row, contestant: string): Promise<T> {
  const ended = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([message]) => message as T),
      once(child, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`"${contestant}" of the row "${name}" ended with ${code}.`);
      }),
    ]);
  } finally {
    ended.abort();
  }
}
