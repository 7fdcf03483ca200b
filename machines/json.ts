/** Reads and writes plain data whose type alone does not say that it is JSON. */
import type { AgentInput } from '../src/contracts/agent.ts';
import type { Json } from '../src/values/json.ts';

/** JSON as zod types it: the same values, with arrays and objects that may be written to. */
export type ZodJson = AgentInput['body'];

/** Checks a type field by field: an interface has no index signature, so TypeScript does not see that it is JSON. */
type Data<T> = T extends Json | undefined
  ? T
  : T extends (...args: never) => unknown
    ? never
    : T extends object
      ? { readonly [K in keyof T]: Data<T[K]> }
      : never;

/** The value as JSON. Does not compile for a type that holds anything but data. */
export const dataAsJson = <T>(value: T & Data<T>): Json => value as Json;

/** The value as zod types JSON. Nothing here writes to it. */
export const asZodJson = (value: Json): ZodJson => value as ZodJson;

/** The fields of an object, each to be checked before use; of any other value there are none. */
export const fieldsOf = (value: unknown): { readonly [key: string]: unknown } =>
  // Not a copy: the message of an Error is not among the properties that are copied.
  typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown }) : {};
