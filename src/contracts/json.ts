/** What can be kept: every value that crosses a journal, a wire or a process boundary. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
