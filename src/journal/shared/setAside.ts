/** Takes a run that is damaged out of a shared journal: every message of it is given to the caller, and then deleted. */
import type { Json } from '../../values/json.ts';
import { entryKind } from './entry.ts';
import { segmentHead } from './segment.ts';
import type { FencedLogs, SharedStore, StoredMessage } from './store.ts';

/** Every message of a run as it is stored: its segments, its mail, and what its owner's log has after the last segment, also of other runs: what is damaged may be of any. */
export async function copyOf(store: SharedStore, run: string): Promise<Json[]> {
  const last = await store.runs.last(run);
  const head = last && segmentHead(last);
  const mail = await Promise.all((await store.mail.names(run)).map((name) => messagesOf(store.mail, 'mail', name)));
  return [
    ...(await messagesOf(store.runs, 'runs', run)),
    ...mail.flat(),
    ...(head?.owner === undefined ? [] : await messagesOf(store.logs, 'log', head.owner, head.upTo)),
  ];
}

async function messagesOf(logs: FencedLogs, collection: string, name: string, after?: number): Promise<Json[]> {
  const found: Json[] = [];
  for await (const message of logs.read(name, after))
    if (collection !== 'log' || entryKind(message).entry !== undefined) found.push(asJson(collection, name, message));
  return found;
}

const asJson = (collection: string, name: string, { sequence, headers, body }: StoredMessage): Json => ({
  collection,
  name,
  sequence,
  headers: { ...headers },
  body: { base64: Buffer.from(body).toString('base64') },
});
