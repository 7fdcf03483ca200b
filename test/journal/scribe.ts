/** A process that writes commits for as long as it lives, and says each that was acknowledged on a line of its own. */
import { sqlite } from '../../src/journal/sqlite.ts';
import { commit } from '../../src/testing/suites/commit.ts';

const [path = '', actors = '3'] = process.argv.slice(2);
const journal = await sqlite(path);
const epoch = await journal.claim('r', `scribe ${process.pid}`, { now: Date.now(), ttl: 60_000, alive: () => false });

async function write(actor: string): Promise<void> {
  const stored = await journal.load(actor);
  for (let seq = (stored?.seq ?? 0) + 1; ; seq++) {
    await journal.commit(commit({ actor, seq, epoch, snapshot: { seq }, appends: [{ list: 'said', entry: seq }] }));
    process.stdout.write(`${actor} ${seq}\n`);
  }
}

process.stdout.write('ready\n');
await Promise.all(Array.from({ length: Number(actors) }, (_, n) => write(`agent/n${n}`)));
