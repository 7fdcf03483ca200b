/** The inbox of each run in SQLite: any process posts messages to it, and the owner of the run reads them. */
import type { Envelope } from '../../contracts/envelope.ts';
import { corruptJournal, shortDigest } from '../chain.ts';
import type { Inboxes } from '../journal.ts';
import { isNewMessage, type KnownMessage } from '../deduplicate.ts';
import { storedValue, type ActorColumns, type InboxColumns, type MailColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The part of a journal that keeps posted messages. */
export function sqliteInboxes({ db, writes, codec, commits }: SqliteStore): Inboxes {
  const insert = db.prepare('INSERT INTO mail (run, id, envelope, sum) VALUES (?, ?, ?, ?)');
  const select = db.prepare<MailColumns>('SELECT * FROM mail WHERE run = ? ORDER BY n');
  // Few messages wait at any time, so the whole table is read.
  const count = db.prepare<{ readonly n: number }>('SELECT count(*) AS n FROM mail NOT INDEXED WHERE run = ?');
  const runsInTable = db.prepare<Pick<MailColumns, 'run'>>('SELECT DISTINCT run FROM mail NOT INDEXED');
  const runsInIndex = db.prepare<Pick<MailColumns, 'run'>>('SELECT DISTINCT run FROM mail ORDER BY run, id');
  const remove = db.prepare('DELETE FROM mail WHERE run = ? AND id = ?');
  const statusOf = db.prepare<Pick<ActorColumns, 'id' | 'status'>>('SELECT id, status FROM actors WHERE actor = ?');
  const handledBy = db.prepare<InboxColumns>('SELECT id, seq FROM inbox WHERE actor = ? AND id = ?');
  const waitingAs = db.prepare<MailColumns>('SELECT * FROM mail WHERE run = ? AND id = ?');

  function envelopeIn({ run, id, envelope, sum }: MailColumns): Envelope {
    if (sum !== null && sum !== shortDigest(run, id, envelope))
      throw corruptJournal(`a message that waits in the inbox of the run ${run} is not what was written`);
    return storedValue('envelope', codec.read(String(envelope)));
  }

  function known({ run, id, to }: Envelope): KnownMessage {
    const actor = statusOf.get(to);
    const found = actor && handledBy.get(actor.id, id);
    const handled = found && commits.read({ id: actor.id, actor: to }, found.seq, found.seq).at(-1);
    const waiting = waitingAs.get(run, id);
    return {
      status: actor?.status,
      handled: handled && storedValue('event', codec.extract(handled.event)),
      waiting: waiting && envelopeIn(waiting),
    };
  }

  return {
    post: (envelope) =>
      writes.add(() => {
        if (!isNewMessage(envelope, known(envelope))) return;
        const { run, id } = envelope;
        const stored = codec.write(envelope, run);
        insert.run(run, id, stored, shortDigest(run, id, stored));
      }),
    async mail(run) {
      const found = select.all(run);
      if (found.some((row) => row.run !== run) || found.length !== Number(count.get(run)?.n))
        throw corruptJournal(`an index of the inbox of the run ${run} does not have what the table has`);
      return found.map(envelopeIn);
    },
    async mailed() {
      const [inTable, inIndex] = [runsInTable, runsInIndex].map((rows) => rows.all().map(({ run }) => String(run)));
      const found = new Set(inTable);
      if (inIndex?.length !== found.size || !inIndex.every((run) => found.has(run)))
        throw corruptJournal('an index of the inboxes does not have what the table has');
      return inIndex;
    },
    dropMail: (run, id) => writes.add(() => void remove.run(run, id)),
  };
}
