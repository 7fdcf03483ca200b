/** The options that commands share, as the command line gives them. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { natsPlace } from '../nats/place.ts';
import type { LogLevel } from '../observe/levels.ts';
import type { RuntimeOptions } from '../runtime.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

/** How a run stands, in the words of its outcome. */
export const runStatuses = ['active', 'done', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number];

export interface Shared {
  readonly db?: string;
  readonly nats?: string;
  /** A file with credentials for that server. */
  readonly natsCreds?: string;
  readonly tenant?: string;
  readonly json?: boolean;
}

export interface RunShared extends Shared {
  /** A port, or `true` for a free one. */
  readonly inspect?: number | true;
  readonly log?: LogLevel;
  readonly quiet?: boolean;
  readonly ask: boolean;
}

/** For commands that only look: naming a journal that is not there is a slip, and none is made. */
export async function existing(cli: Pick<Cli, 'cwd' | 'env'>, options: Shared): Promise<RuntimeOptions> {
  const { db = cli.env['TROUPE_DB'] ?? '.troupe/troupe.db' } = options;
  const onServer = (options.nats ?? cli.env['TROUPE_NATS']) !== undefined && options.db === undefined;
  if (onServer) return runtimeOptions(cli, options);
  const path = resolve(cli.cwd, db);
  if (db === 'memory' || (await stat(path).catch(() => undefined))) return runtimeOptions(cli, options);
  if (options.db !== undefined) throw new UsageError(`There is no journal ${path}. Check --db.`);
  return { ...runtimeOptions(cli, options), db: 'memory' };
}

export function runtimeOptions(cli: Pick<Cli, 'env'>, options: Shared): RuntimeOptions {
  const place = placeOf(cli, options);
  return {
    env: cli.env,
    ...(place === undefined ? {} : { nats: place }),
    ...(options.db === undefined ? {} : { db: options.db }),
  };
}

/** The server and who we are to it, where one is named. */
export const placeOf = ({ env }: Pick<Cli, 'env'>, { nats: servers, natsCreds: creds, tenant }: Shared) =>
  natsPlace(
    {
      ...(servers === undefined ? {} : { servers }),
      ...(creds === undefined ? {} : { creds }),
      ...(tenant === undefined ? {} : { tenant }),
    },
    env,
  );
