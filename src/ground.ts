/** What a runtime stands on: where its actors are kept, and what carries their messages. */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { closers } from './closers.ts';
import type { Clock } from './contracts/clock.ts';
import { reasonOf } from './contracts/cause.ts';
import { TroupeError } from './contracts/failure.ts';
import type { Journal } from './journal/journal.ts';
import { memory } from './journal/memory.ts';
import { natsPlace, type NatsPlace } from './nats/place.ts';
import { inProcess } from './transport/inProcess.ts';
import type { Transport } from './transport/transport.ts';

export interface GroundOptions {
  /** The journal's file, or `memory` to keep nothing. `TROUPE_DB`, then `./.troupe/troupe.db`, unless told otherwise. */
  readonly db?: string;
  /**
   * A NATS server, `nats://host:port`: actors on many machines, on one journal that the server keeps. With `db` as well the journal stays in that file,
   * and the server only carries messages. `TROUPE_NATS` unless told otherwise, with `TROUPE_NATS_CREDS` (a file) and `TROUPE_TENANT`.
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
  const { use: keep, close } = closers();
  try {
    const place = natsPlace(nats, env);
    const bus = place === undefined || (givenJournal && givenTransport) ? undefined : keep(await busAt(place, clock));
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
async function busAt(place: NatsPlace, clock: Clock) {
  const [{ dial }, { forbidden }, { nats }, { jetstream }, { patient }] = await Promise.all([
    import('./nats/connection.ts'),
    import('./nats/forbidden.ts'),
    import('./transport/nats/nats.ts'),
    import('./journal/jetstream.ts'),
    import('./journal/patient.ts'),
  ]);
  const { tenant = 'default', replicas = 1, folder = '.troupe', monitor, durability, ...options } = place;
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
        ...(durability === undefined ? {} : { durability }),
      }).then(
        (journal) => patient(journal, clock),
        (thrown: unknown) => {
          throw forbidden(thrown) ?? unanswered(thrown);
        },
      ),
    // A server that is gone has nothing to drain.
    [Symbol.asyncDispose]: () => connection.drain().catch(() => {}),
  };
}

/** A server that is there and too busy, or on its way up or down. */
const unanswered = (thrown: unknown): unknown =>
  thrown instanceof TroupeError
    ? thrown
    : new TroupeError(
        'environment',
        `The NATS server did not open the journal: ${reasonOf(thrown)}. Start again when it answers.`,
        { cause: thrown, retryable: true },
      );

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
