/** What can be configured around the code: by `configure()`, by the environment, or by a file. Every source is checked in the same way, and a mistake names its source. */
import * as z from 'zod';
import { milliseconds, type Duration } from '../values/duration.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';

/** Defaults for runs. Every field may be left out. */
export interface RunDefaults {
  /** How often a checkpoint of a flow is tried again, where neither it nor its flow says; 0 by default. */
  readonly retries?: number | undefined;
  /** Are results of checkpoints taken from earlier runs, where neither they nor their flow say? False by default. */
  readonly cache?: boolean | undefined;
  /** How many checkpoints of a flow are under way at once; 1,000 by default. */
  readonly concurrency?: number | undefined;
  /** The model of `ctx.llm`, such as `openai:gpt-5-mini`, or a group of the gateway; none by default. */
  readonly model?: string | undefined;
  /** How long a run of a flow may take from its start; without end by default. */
  readonly deadline?: Duration | undefined;
  /** How long a run is kept after its end; 30 days by default, and for ever with `false`. */
  readonly keep?: Duration | false | undefined;
}

const isDuration = (value: unknown): boolean => {
  try {
    return milliseconds(value as Duration) > 0;
  } catch {
    return false;
  }
};
/** A duration, as `milliseconds` reads it. */
const duration = z.custom<Duration>(isDuration, "expected a duration such as '2m', or milliseconds");

const ConfigurationFields = z.strictObject({
  retries: z.number().int().nonnegative().optional(),
  cache: z.boolean().optional(),
  concurrency: z.number().int().positive().optional(),
  model: z.string().trim().min(1).optional(),
  deadline: duration.optional(),
  keep: z.union([z.literal(false), duration]).optional(),
}) satisfies z.ZodType<RunDefaults>;

/** The fields that can be configured. */
export const configurationFields = Object.keys(ConfigurationFields.shape) as (keyof RunDefaults)[];

/** What a source says. Throws `invalid` with the name of the source, also in its data as `configuration`, for what does not fit. */
export function parseConfiguration(source: string, given: unknown): RunDefaults {
  const parsed = ConfigurationFields.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new TroupeError(
    'invalid',
    `${source} does not fit: ${describeMismatch(parsed.error, given)}. It may have ${configurationFields.join(', ')}.`,
    { data: { configuration: source } },
  );
}
