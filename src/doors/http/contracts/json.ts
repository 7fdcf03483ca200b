/** The schemas that the three contracts share. */
import * as z from 'zod';
import type { Json } from '../../../values/json.ts';
import { named } from '../base/openapi.ts';

/** Any JSON value, described as "anything": what arrives was parsed as JSON already, so the type holds without a look into it. */
export const someJson = (): z.ZodType<Json> => z.unknown() as z.ZodType<Json>;

/** Any JSON object. */
export const someObject = () => z.record(z.string(), someJson());

/** Milliseconds or a number of things. */
export const amount = z.number().nonnegative();

/** A time, as RFC 3339 has it. */
export const timestamp = z.string();

/** The answer of a component that is there. */
export const ComponentHealth = named('ComponentHealth', z.object({ status: z.string() }));

/** How runtime and gateway say that they refuse a request. */
export const ErrorBody = named(
  'ErrorBody',
  z.object({
    /** A word for programs. */
    error: z.string(),
    message: z.string(),
    /** Whether the same request may succeed later; the gateway says it always. */
    retryable: z.boolean().optional(),
  }),
);
