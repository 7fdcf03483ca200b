/** The options that several commands share, as the command line gives them. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { natsSettings } from '../nats/options.ts';
import type { LogLevel } from '../observe/levels.ts';
import { standings } from '../runtime/standing.ts';
import type { RuntimeOptions } from '../runtime/runtime.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';
import { defaultJournal } from './journalFolder.ts';

/**
 * What a list of runs can be filtered by: how a run stands or ended; `active` stands for all that have not ended. `running`, `paused` and `completed` are the words of clients,
 * who do not see processes.
 */
export const runStatuses = [
  'active',
  ...standings,
  'done',
  'failed',
  'cancelled',
  'running',
  'paused',
  'completed',
] as const;
/** The status of a run. */
export type RunStatus = (typeof runStatuses)[number];

/** What only an orchestrator says of a run. */
export const orchestratorStatuses = ['complete'] as const;

/** Which journal and which server a command uses. */
export interface CommonOptions {
  /** The file of the journal, or `memory`; TROUPE_DB by default, else `.troupe/troupe.db`. */
  readonly db?: string;
  /** The URL of a NATS server; TROUPE_NATS by default. */
  readonly nats?: string;
  /** A file with credentials for that server; TROUPE_NATS_CREDS by default. */
  readonly natsCreds?: string;
  /** Goes on with a server that was restored to an older state; TROUPE_NATS_ACCEPT_RESTORED=1 by default, else it is refused. */
  readonly natsAcceptRestored?: boolean;
  /** On how many servers of a cluster the journal is stored when it is made; TROUPE_NATS_REPLICAS by default, else 1. */
  readonly natsReplicas?: number;
  /** The tenant on that server; TROUPE_TENANT by default, else `default`. */
  readonly tenant?: string;
  /** Prints JSON; false by default. */
  readonly json?: boolean;
}

/** The options of commands that follow a run. */
export interface FollowOptions extends CommonOptions {
  /** Serves the live page on this port, or on a free one for `true`; not served by default. */
  readonly inspect?: number | true;
  /** Writes a log of this level instead of progress. */
  readonly log?: LogLevel;
  /** Shows no progress; false by default. */
  readonly quiet?: boolean;
  /** Progress shows every actor with its states and effects, instead of who does what; false by default. */
  readonly verbose?: boolean;
  /** Asks questions on a terminal; true by default. */
  readonly ask: boolean;
}

/** Is the journal of this command only in its memory? `--db` is taken before a server, and a server before TROUPE_DB. */
export const isInMemory = ({ env }: Pick<Cli, 'env'>, options: CommonOptions): boolean =>
  options.db === undefined
    ? env['TROUPE_DB'] === 'memory' && !(options.nats ?? env['TROUPE_NATS'])
    : options.db === 'memory';

/** Runtime options for commands that need an existing journal: throws `UsageError` when `--db` names a file that does not exist, and creates none. */
export async function existingJournalOptions(
  cli: Pick<Cli, 'cwd' | 'env' | 'clock' | 'mask'>,
  options: CommonOptions,
): Promise<RuntimeOptions> {
  const { db = cli.env['TROUPE_DB'] ?? defaultJournal } = options;
  const onServer = (options.nats ?? cli.env['TROUPE_NATS']) !== undefined && options.db === undefined;
  if (onServer) return runtimeOptions(cli, options);
  const path = resolve(cli.cwd, db);
  if (db === 'memory' || (await stat(path).catch(() => undefined))) return runtimeOptions(cli, options);
  if (options.db !== undefined) throw new UsageError(`There is no journal ${path}. Check --db.`);
  return { ...runtimeOptions(cli, options), db: 'memory' };
}

/** Options of the runtime, from those of the command line and the environment. What a run reads of its secrets is masked in what the command says. */
export function runtimeOptions(
  cli: Pick<Cli, 'cwd' | 'env' | 'clock' | 'mask'>,
  options: CommonOptions,
): RuntimeOptions {
  const nats = natsOptionsOf(cli, options);
  return {
    env: cli.env,
    // The store is read when a run asks for a secret.
    secrets: { get: async (name) => (await import('./openStore.ts')).openStore(cli, options).get(name) },
    ...(nats === undefined ? {} : { nats }),
    ...(options.db === undefined ? {} : { db: options.db }),
  };
}

/** The NATS server with credentials and tenant; undefined when none is named. */
export const natsOptionsOf = (
  { env }: Pick<Cli, 'env'>,
  {
    nats: servers,
    natsCreds: creds,
    natsAcceptRestored: acceptRestored,
    natsReplicas: replicas,
    tenant,
  }: CommonOptions,
) =>
  natsSettings(
    {
      ...(servers === undefined ? {} : { servers }),
      ...(creds === undefined ? {} : { creds }),
      ...(acceptRestored ? { acceptRestored } : {}),
      ...(replicas === undefined ? {} : { replicas }),
      ...(tenant === undefined ? {} : { tenant }),
    },
    env,
  );
