/** A stored shared journal: every message of its store. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { virtualClock } from 'troupe/testing';
import type { Journal } from '../../src/journal/journal.ts';
import { emptyStore, memoryStore, type StoreContents } from '../../src/journal/shared/memoryStore.ts';
import { shared } from '../../src/journal/shared/shared.ts';
import { presenceTtl } from '../../src/journal/shared/store.ts';
import { fixture } from './journals.ts';

type Collection = keyof StoreContents;
/** A message in the file. */
interface Line {
  readonly sequence: number;
  readonly headers: Readonly<Record<string, string>>;
  /** In base64. */
  readonly body: string;
}
type Stored = Readonly<Record<Collection, { newest: number; logs: readonly (readonly [string, readonly Line[]])[] }>>;

const collections = ['logs', 'runs', 'mail', 'free'] as const;

/** The stored journal as another process opens it, after so long that the processes which were killed are not present any more. */
export async function storedShared(): Promise<Journal> {
  const clock = virtualClock({ seed: 3 });
  const journal = shared({ store: memoryStore({ clock, contents: storedContents() }), clock });
  clock.advance(presenceTtl);
  return journal;
}

function storedContents(): StoreContents {
  const stored = JSON.parse(gunzipSync(readFileSync(fixture('shared.store.json.gz'))).toString()) as Stored;
  const contents = emptyStore();
  for (const collection of collections) {
    contents[collection].newest = stored[collection].newest;
    for (const [name, lines] of stored[collection].logs)
      contents[collection].logs.set(
        name,
        lines.map(({ body, ...line }) => ({ ...line, body: Uint8Array.from(Buffer.from(body, 'base64')) })),
      );
  }
  return contents;
}

/** A shared journal whose store is recorded; `cut` marks the moment at which its processes are killed. */
export function recordShared() {
  const clock = virtualClock({ seed: 5 });
  const contents = emptyStore();
  let text = '';
  return {
    // It trims its log several times within the story.
    journal: shared({ store: memoryStore({ clock, contents }), clock, upkeep: { trimBytes: 8_000 } }),
    cut: () => void (text = textOf(contents)),
    taken: () => text,
  };
}

function textOf(contents: StoreContents): string {
  const written = collections.map((collection) => {
    const { newest, logs } = contents[collection];
    const each = [...logs].map(([name, messages]): Stored[Collection]['logs'][number] => [
      name,
      messages.map(({ body, ...line }) => ({ ...line, body: Buffer.from(body).toString('base64') })),
    ]);
    return [collection, { newest, logs: each }] as const;
  });
  return JSON.stringify(Object.fromEntries(written));
}
