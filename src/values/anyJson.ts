/** The schema of any JSON value, typed as `Json`. */
import * as z from 'zod';
import type { Json } from './json.ts';

/** Each call makes a new schema: zod describes a schema object that is used in two places by one shared definition, which would change the JSON Schema that is sent. */
export const anyJson = (): z.ZodType<Json> => z.json();
