/** What a runtime stands on: where its actors are kept, and what carries their messages. */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from './contracts/clock.ts';
import { TroupeError } from './contracts/failure.ts';
import type { Journal } from './journal/journal.ts';
import { memory } from './journal/memory.ts';
import type { NatsOptions } from './nats/connection.ts';
import { inProcess } from './transport/inProcess.ts';
import type { Transport } from './transport/transport.ts';

export interface NatsPlace extends NatsOptions {
  /** Troupes of different tenants do not hear each other; `default` unless told otherwise. */
  readonly tenant?: string;
  /** On how many servers of a cluster the journal is kept; 1 unless told otherwise. */
  readonly replicas?: number;
  /** Folder for what this machine has read of the journal, so that a start reads only what came since; `./.troupe` unless told otherwise. */
  readonly folder?: string;
  /** Address of the server's monitor, `http://host:8222`: asked whether a power cut could lose what is acknowledged. `TROUPE_NATS_MONITOR` unless told otherwise. */
  readonly monitor?: string;
  /** `lossy`: it is known that it could, and no warning is wanted. `TROUPE_NATS_DURABILITY` unless told otherwise. */
  readonly durability?: 'lossy';
}

export interface GroundOptions {
  /** The journal's file, or `memory` to keep nothing. `TROUPE_DB`, then `./.troupe/troupe.db`, unless told otherwise. */
  readonly db?: string;
  /**
   * A NATS server, `nats://host:port`: actors on many machines, on one journal that the server keeps. With `db` as well the journal stays in that file,
   * and the server only carries messages. `TROUPE_NATS` unless told otherwise.
   */
  readonly nats?: string | NatsPlace;
  /** For tests: a journal or a transport that is already open (it stays open). */
  readonly journal?: Journal;
  readonly transport?: Transport;
}

export interface Ground extends AsyncDisposable {
  readonly journal: Journal;
  readonly transport: Transport;
}

/** Rejects with `storage`, `environment` or `auth` when something cannot be opened; what was opened by then is closed. */
export async function ground(
  { db, nats, journal: givenJournal, transport: givenTransport }: GroundOptions,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<Ground> {
  const opened: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => (opened.push(part), part);
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part[Symbol.asyncDispose]();
  };
  try {
    const place = nats ?? env['TROUPE_NATS'];
    const bus =
      place === undefined || (givenJournal && givenTransport) ? undefined : keep(await busAt(place, env, clock));
    const transport = givenTransport ?? keep(bus ? bus.transport() : inProcess());
    const inFile = () => fileAt(db ?? env['TROUPE_DB'] ?? '.troupe/troupe.db');
    const journal = givenJournal ?? keep(await (bus && db === undefined ? bus.journal() : inFile()));
    return { journal, transport, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Loaded only by who uses it. */
async function busAt(place: string | NatsPlace, env: Readonly<Record<string, string | undefined>>, clock: Clock) {
  const [{ dial }, { nats }, { jetstream }] = await Promise.all([
    import('./nats/connection.ts'),
    import('./transport/nats/nats.ts'),
    import('./journal/jetstream.ts'),
  ]);
  const {
    tenant = 'default',
    replicas = 1,
    folder = '.troupe',
    monitor = env['TROUPE_NATS_MONITOR'],
    durability = env['TROUPE_NATS_DURABILITY'],
    ...options
  } = typeof place === 'string' ? { servers: place } : place;
  const connection = await dial(options);
  return {
    transport: () => nats({ connection, clock, tenant }),
    journal: () =>
      jetstream({
        connection,
        clock,
        tenant,
        replicas,
        folder: resolve(folder),
        notice: (says) => process.emitWarning(says, 'TroupeWarning'),
        ...(monitor === undefined ? {} : { monitor }),
        ...(durability === 'lossy' ? { durability } : {}),
      }),
    // A server that is gone has nothing to drain.
    [Symbol.asyncDispose]: () => connection.drain().catch(() => {}),
  };
}

async function fileAt(db: string): Promise<Journal> {
  if (db === 'memory') return memory();
  const path = resolve(db);
  await mkdir(dirname(path), { recursive: true }).catch((cause: Error) => {
    throw new TroupeError(
      'storage',
      `The journal needs the folder ${dirname(path)}, which cannot be made: ${cause.message}. Choose another place with --db or TROUPE_DB.`,
      { cause },
    );
  });
  const { sqlite } = await import('./journal/sqlite.ts');
  return sqlite(path);
}
