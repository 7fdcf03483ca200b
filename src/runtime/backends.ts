/** Opens the backends of a runtime: the journal that stores its actors, and the transport that carries their messages. */
import { type OptionNames } from '../values/options.ts';
import { dirname, join, resolve } from 'node:path';
import { disposables } from './disposables.ts';
import type { Clock } from '../values/clock.ts';
import { reasonOf } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import type { BlobStore } from '../blobs/blobStore.ts';
import { fileBlobs } from '../blobs/files.ts';
import { memoryBlobs } from '../blobs/memory.ts';
import type { StepCache } from '../contracts/workflow/stepCache.ts';
import type { Journal } from '../journal/journal.ts';
import { memory } from '../journal/memory/memory.ts';
import { requireFilePath } from '../journal/sqlite/journalFile.ts';
import { withNats } from '../nats/packages.ts';
import { withBlobs } from './artifacts/blobRetention.ts';
import { natsSettings, type NatsSettings } from '../nats/options.ts';
import { inProcess } from '../transport/inProcess.ts';
import type { Transport } from '../transport/transport.ts';
import { stepCacheFiles } from './stepCacheFiles.ts';
import { stepCacheMemory } from './stepCacheMemory.ts';

const fs = process.getBuiltinModule('node:fs');

/** Which journal and which transport a runtime uses. */
export interface BackendOptions {
  /** The file of the journal, or `memory` to keep nothing. `TROUPE_DB` by default, and without it `./.troupe/troupe.db`. */
  readonly db?: string;
  /**
   * A NATS server, `nats://host:port`: for actors on many machines, with one journal on the server. With `db` as well the journal stays in that file,
   * and the server only carries messages. `TROUPE_NATS` by default, with `TROUPE_NATS_CREDS` (a file) and `TROUPE_TENANT`; none without it.
   */
  readonly nats?: string | NatsSettings;
  /** For tests: a journal that is already open. It stays open. */
  readonly journal?: Journal;
  /** For tests: a transport that is already open. It stays open. */
  readonly transport?: Transport;
}

/** The open backends of a runtime. */
export interface Backends extends AsyncDisposable {
  /** Stores actors. */
  readonly journal: Journal;
  /** Stores large contents of artifacts: beside a file in the folder `<db>.blobs`, on the server of a shared journal, or in memory. */
  readonly blobs: BlobStore;
  /** Keeps results of checkpoints for later runs: in files beside that of the journal, in `./.troupe/steps`, or in memory. */
  readonly cache: StepCache;
  /** Carries messages. */
  readonly transport: Transport;
}

/** Opens journal and transport. Rejects with `storage`, `environment` or `auth` when one cannot be opened; the other is then closed. */
export async function openBackends(
  { db, nats, journal: givenJournal, transport: givenTransport }: BackendOptions,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<Backends> {
  const { use, close } = disposables();
  try {
    const settings = natsSettings(nats, env);
    const server =
      settings === undefined || (givenJournal && givenTransport)
        ? undefined
        : use(await connectBackend(settings, clock));
    const transport = givenTransport ?? use(server ? server.transport() : inProcess());
    if (givenJournal)
      return {
        journal: givenJournal,
        blobs: blobsOf(givenJournal),
        cache: stepCacheMemory(),
        transport,
        [Symbol.asyncDispose]: close,
      };
    const isOnServer = server && db === undefined;
    const place = db ?? env['TROUPE_DB'] ?? '.troupe/troupe.db';
    const opened = use(await (isOnServer ? server.journal() : openFile(place, clock)));
    const blobs = isOnServer
      ? server.blobs()
      : place === 'memory'
        ? memoryBlobs()
        : fileBlobs(`${resolve(place)}.blobs`, clock);
    const cache =
      place === 'memory' && !isOnServer
        ? stepCacheMemory()
        : stepCacheFiles(isOnServer ? resolve('.troupe/steps') : join(dirname(resolve(place)), 'steps'));
    return { journal: withBlobs(opened, blobs), blobs, cache, transport, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Contents beside journals that tests have opened: two runtimes that share one find the same. */
const givenBlobs = new WeakMap<Journal, BlobStore>();
function blobsOf(journal: Journal): BlobStore {
  const known = givenBlobs.get(journal) ?? memoryBlobs();
  givenBlobs.set(journal, known);
  return known;
}

/** Connects to a NATS server. Its modules are loaded only here. */
async function connectBackend(settings: NatsSettings, clock: Clock) {
  const [
    { connectNats },
    { objectStore },
    { serverBlobs },
    { permissionError },
    { replicasError, fewerReplicasNotice },
    { acrossElection },
    { nats },
    { jetstream },
  ] = await withNats(() =>
    Promise.all([
      import('../nats/connection.ts'),
      import('../nats/objectStore.ts'),
      import('../blobs/onServer.ts'),
      import('../nats/permissionErrors.ts'),
      import('../nats/replicas.ts'),
      import('../nats/acrossElection.ts'),
      import('../transport/nats/nats.ts'),
      import('../journal/shared/jetstream/open.ts'),
    ]),
  );
  const {
    tenant = 'default',
    replicas = 1,
    folder = '.troupe',
    monitor,
    durability,
    acceptRestored = false,
    ...options
  } = settings;
  const connection = await connectNats(options);
  const notice = (says: string) => process.emitWarning(says, 'TroupeWarning');
  return {
    transport: () => nats({ connection, clock, tenant, replicas }),
    blobs: () => serverBlobs(objectStore({ connection, clock, bucket: `troupe_${tenant}_blobs`, replicas }), clock),
    journal: async () => {
      const journal = await acrossElection(clock, connection.info?.cluster !== undefined, () =>
        jetstream({
          connection,
          clock,
          tenant,
          replicas,
          folder: resolve(folder),
          acceptRestored,
          onNotice: notice,
          ...(monitor === undefined ? {} : { monitor }),
          ...(durability === undefined ? {} : { durability }),
        }).catch((thrown: unknown) => {
          throw permissionError(thrown) ?? replicasError(thrown, replicas) ?? unansweredError(thrown);
        }),
      );
      const fewer = replicas > 1 && (await fewerReplicasNotice(connection, tenant, replicas));
      if (fewer) notice(fewer);
      return journal;
    },
    // Without a server there is nothing to drain.
    [Symbol.asyncDispose]: () => connection.drain().catch(() => {}),
  };
}

/** The server is too busy, or is starting or stopping. */
const unansweredError = (thrown: unknown): unknown =>
  thrown instanceof TroupeError && thrown.kind !== 'storage'
    ? thrown
    : new TroupeError(
        'environment',
        `The NATS server did not open the journal: ${reasonOf(thrown)}. Start again when it answers.`,
        { cause: thrown, retryable: true },
      );

async function openFile(db: string, clock: Clock): Promise<Journal> {
  requireFilePath(db);
  if (db === 'memory') return memory();
  const path = resolve(db);
  await fs.promises.mkdir(dirname(path), { recursive: true }).catch((cause: Error) => {
    throw new TroupeError(
      'storage',
      `The journal needs the folder ${dirname(path)}, which cannot be made: ${cause.message}. Choose another place with --db or TROUPE_DB.`,
      { cause },
    );
  });
  const { sqlite } = await import('../journal/sqlite/sqlite.ts');
  return sqlite(path, { clock });
}

/** The names of the options of a runtime's backends. */
export const backendOptionNames: OptionNames<BackendOptions> = {
  db: true,
  nats: true,
  journal: true,
  transport: true,
};
