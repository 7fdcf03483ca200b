/** The schemas of any JSON value, typed as `Json`. */
import * as z from 'zod';
import type { Json } from './json.ts';

/** Each call makes a new schema: zod describes a schema object that is used in two places by one shared definition, which would change the JSON Schema that is sent. */
export const anyJson = (): z.ZodType<Json> => z.json();

/** The same for what is stored, or was parsed from JSON text: it is JSON, so only that it is there is checked. A large value is not looked through, nor copied. */
export const storedJson = (): z.ZodType<Json> =>
  // The type is that of everything that is stored.
  z
    .unknown()
    .refine((value) => value !== undefined, 'a JSON value was expected') as z.ZodType<unknown> as z.ZodType<Json>;
