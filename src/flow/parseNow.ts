/** Parses at once, where nothing can be waited for. */
import * as z from 'zod';
import { TroupeError } from '../values/failure.ts';

/** What the schema makes of the value. Throws `definition` for a schema that takes time. */
export function parseNow(what: string, schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    if (!(cause instanceof z.core.$ZodAsyncError)) throw cause;
    throw new TroupeError(
      'definition',
      `The schema of ${what} waits for something (an async refine or transform), and it is checked where nothing can be waited for. Check that in a checkpoint.`,
      { cause },
    );
  }
}
