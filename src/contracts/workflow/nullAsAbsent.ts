/** Fields of the contracts over HTTP that may be left out: programs in other languages send null there for what is empty. */
import * as z from 'zod';

/** The field with null as if it were not there. */
export const nullAsAbsent = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => value ?? undefined, schema);
