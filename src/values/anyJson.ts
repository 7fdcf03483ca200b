/** The schema of any JSON value, typed as `Json`. */
import * as z from 'zod';
import type { Json } from './json.ts';

/** Each call makes a new schema: one that stands in two places of another would be described in another way. */
export const anyJson = (): z.ZodType<Json> => z.json();
