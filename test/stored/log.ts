/** The stored log of a replicated journal: its entries in their order, and a snapshot of what was played up to one of them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { sqliteReplica } from '../../src/journal/replicated/sqliteReplica.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { LogEntry } from '../../src/journal/replicated/log.ts';
import { memoryReplica } from '../../src/journal/replicated/memoryReplica.ts';
import { replicated } from '../../src/journal/replicated/replicated.ts';
import type { JournalReplica } from '../../src/journal/replicated/replica.ts';
import { SharedLog } from '../../src/testing/world/sharedLog.ts';
import { virtualClock } from 'troupe/testing';
import { fixture } from './journals.ts';

/** A line of the file. */
interface Line {
  readonly position: number;
  readonly id: string;
  readonly entry: unknown;
}

export const views: Readonly<Record<string, () => Promise<JournalReplica>>> = {
  memory: async () => memoryReplica(),
  'a file': () => sqliteReplica(':memory:'),
};

/** A journal on the stored log, played from its beginning. */
export async function logOf(view: () => Promise<JournalReplica>): Promise<Journal> {
  const log = storedLog();
  return replicated({ log: log.open(), replica: await view(), clock: virtualClock({ seed: 3 }) });
}

/** A journal on the stored log after it was cut: what came before a position is in the snapshot alone. */
export async function cutLog(): Promise<Journal> {
  const log = storedLog();
  const snapshot = readFileSync(fixture('log.snapshot'));
  const position = positionOf(snapshot);
  log.cut(position);
  const dump = async function* () {
    yield snapshot.subarray(4);
  };
  await log.open().snapshots.write(position, dump());
  return replicated({ log: log.open(), replica: await sqliteReplica(':memory:'), clock: virtualClock({ seed: 4 }) });
}

function storedLog(): SharedLog {
  const log = emptyLog();
  const lines = gunzipSync(readFileSync(fixture('log.jsonl.gz')))
    .toString()
    .trim()
    .split('\n');
  for (const line of lines) {
    const { id, entry } = JSON.parse(line) as Line;
    log.append(id, Buffer.from(JSON.stringify(entry)));
  }
  return log;
}

const emptyLog = () => new SharedLog({ name: 'stored', limit: 1_000_000 });

/** The file begins with the position that the snapshot was taken at: four bytes, the largest first. */
const positionOf = (snapshot: Buffer): number => snapshot.readUInt32BE(0);

/** A journal whose log is recorded; `cut` marks the moment at which its process is killed. */
export async function recordLog() {
  const log = emptyLog();
  // What is forgotten by the journal stays in the log, so that its entries are there from the first.
  const whole = { ...log.open(), cut: async () => {} };
  const journal = await replicated({ log: whole, replica: memoryReplica(), clock: virtualClock({ seed: 5 }) });
  let entries: readonly LogEntry[] = [];
  return {
    journal,
    cut: () => void (entries = [...log.entries]),
    async taken() {
      const text = entries.map(({ position, id, bytes }) => {
        const said = Buffer.from(bytes).toString();
        const entry: unknown = JSON.parse(said);
        // What is stored is the bytes: they must come out of the line as they went in.
        if (JSON.stringify(entry) !== said) throw new Error(`Entry ${position} would not be the same.`);
        return `${JSON.stringify({ position, id, entry } satisfies Line)}\n`;
      });
      return { entries: text.join(''), snapshot: await snapshotOf(entries.slice(0, entries.length / 2)) };
    },
  };
}

/** What a replica in a file that has played so far dumps. */
async function snapshotOf(entries: readonly LogEntry[]): Promise<Uint8Array> {
  const log = emptyLog();
  for (const { id, bytes } of entries) log.append(id, bytes);
  const view = await sqliteReplica(':memory:');
  await using _ = await replicated({ log: log.open(), replica: view, clock: virtualClock({ seed: 6 }) });
  const position = Buffer.alloc(4);
  position.writeUInt32BE(entries.length);
  const parts: Uint8Array[] = [position];
  for await (const part of view.dump()) parts.push(part);
  return Buffer.concat(parts);
}
