/** Lists over HTTP that come page by page: what is asked for, and, for lists whose body has no place for it, where they go on. */
import * as z from 'zod';
import { jsonReply, type HttpReply } from '../base/reply.ts';
import type { ListPage, ListQuery } from './service.ts';

/** The largest page. */
const most = 1_000;

/** The fields of a query. What is no positive number counts as not given. */
export const listFields = { limit: z.string().optional(), cursor: z.string().optional() };

interface GivenQuery {
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

/** What is asked for. `usual`: how many when nothing is said, 1,000 by default. */
export function listQuery({ limit: text, cursor }: GivenQuery, usual = most): ListQuery {
  const limit = Number(text ?? usual);
  const wanted = Number.isInteger(limit) && limit > 0 ? Math.min(limit, most) : usual;
  return { limit: wanted, ...(cursor ? { cursor } : {}) };
}

/** How the answer of `listReply` is described. */
export const inHeader =
  'At most `limit` of them, 1,000 by default. The header `link` has the next page, when there is one.';

/** A page as a bare list; the address of the next one is in the header `link` (RFC 8288). */
export function listReply<Item>(path: string, { limit }: GivenQuery, { items, next }: ListPage<Item>): HttpReply {
  if (next === undefined) return jsonReply(200, items);
  const query = new URLSearchParams({ ...(limit === undefined ? {} : { limit }), cursor: next });
  return jsonReply(200, items, { link: `<${path}?${query}>; rel="next"` });
}
