/** What can be kept: every value that crosses a journal, a wire or a process boundary. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What is not given is as by default; `undefined` is not given. */
export const withDefaults = <T extends object>(
  defaults: T,
  given: { readonly [K in keyof T]?: T[K] | undefined } = {},
): T => ({ ...defaults, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) });

/** A deep copy. Properties that are `undefined` stay. */
export const cloneJson = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(cloneJson)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cloneJson(inner)]))
      : value;
