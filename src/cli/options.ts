/** The options that commands share, as the command line gives them. */
import type { LogLevel } from '../observe/levels.ts';
import type { RuntimeOptions } from '../runtime.ts';
import type { Cli } from './cli.ts';

/** How a run stands, in the words of its outcome. */
export const runStatuses = ['active', 'done', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number];

export interface Shared {
  readonly db?: string;
  readonly json?: boolean;
}

export interface RunShared extends Shared {
  /** A port, or `true` for a free one. */
  readonly inspect?: number | true;
  readonly log?: LogLevel;
  readonly quiet?: boolean;
  readonly ask: boolean;
}

export const runtimeOptions = ({ env }: Pick<Cli, 'env'>, { db }: Shared): RuntimeOptions => ({
  env,
  ...(db === undefined ? {} : { db }),
});
