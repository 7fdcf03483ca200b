/**
 * Lists the subjects of a stream, in pages of 100,000. The server sorts them anew for each page and skips as many as it is told: one that has gone meanwhile
 * from a page that was read moves all behind it forward. So each page begins with a subject of the page before. Then every subject that was there
 * all the time is listed.
 */
import type { JetStreamApi } from './api.ts';

interface Page {
  readonly total?: number;
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

/** The subjects of a stream that have a message and match a filter, with the number of their messages. */
export async function subjectsOf(
  api: Pick<JetStreamApi, 'ask'>,
  stream: string,
  filter: string,
): Promise<Map<string, number>> {
  try {
    return await pagesOf(api, stream, filter);
  } catch (thrown) {
    // The server that led the stream has died meanwhile; its successor answers.
    if (!(thrown instanceof Error && thrown.name === 'TimeoutError')) throw thrown;
    return pagesOf(api, stream, filter);
  }
}

/** How many subjects of a page are asked for again with the next one: as many may have gone meanwhile without another request. */
const overlap = 1_000;

async function pagesOf(api: Pick<JetStreamApi, 'ask'>, stream: string, filter: string): Promise<Map<string, number>> {
  const all = new Map<string, number>();
  /** Every subject up to this one is listed. The order is that of the server, by bytes, and subjects are ASCII. */
  let last = '';
  for (let [offset, back] = [0, overlap]; ;) {
    const { total = 0, state } = await api.ask<Page>(`STREAM.INFO.${stream}`, { subjects_filter: filter, offset });
    // JSON of the server has them in their order.
    const page = Object.entries(state.subjects ?? {});
    const [first] = page[0] ?? [];
    if (offset > 0 && (first === undefined || first > last)) {
      // Subjects between the two may have moved to places before this page.
      offset = Math.max(0, Math.min(offset, total) - back);
      back *= 2;
      continue;
    }
    for (const [subject, count] of page) all.set(subject, count);
    const [end = ''] = page.at(-1) ?? [];
    if (end > last) last = end;
    offset += page.length;
    if (offset >= total || page.length === 0) return all;
    offset -= Math.min(overlap, Math.floor(page.length / 2));
    back = overlap;
  }
}
