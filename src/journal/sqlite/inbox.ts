/** The inbox of each run in SQLite: any process posts messages to it, and the owner of the run reads them. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Inboxes } from '../journal.ts';
import { isNewMessage, type KnownMessage } from '../deduplicate.ts';
import { storedValue, type ActorColumns, type CommitColumns, type MailColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The part of a journal that keeps posted messages. */
export function sqliteInboxes({ db, writes, codec }: SqliteStore): Inboxes {
  const insert = db.prepare('INSERT INTO mail (run, id, envelope) VALUES (?, ?, ?)');
  const select = db.prepare<Pick<MailColumns, 'envelope'>>('SELECT envelope FROM mail WHERE run = ? ORDER BY n');
  const remove = db.prepare('DELETE FROM mail WHERE run = ? AND id = ?');
  const statusOf = db.prepare<Pick<ActorColumns, 'id' | 'status'>>('SELECT id, status FROM actors WHERE actor = ?');
  const handledAs = db.prepare<Pick<CommitColumns, 'event'>>(
    'SELECT c.event FROM inbox i JOIN commits c ON c.actor = i.actor AND c.seq = i.seq WHERE i.actor = ? AND i.id = ?',
  );
  const waitingAs = db.prepare<Pick<MailColumns, 'envelope'>>('SELECT envelope FROM mail WHERE run = ? AND id = ?');

  const envelopeIn = ({ envelope }: Pick<MailColumns, 'envelope'>) =>
    storedValue('envelope', codec.read(String(envelope)));

  function known({ run, id, to }: Envelope): KnownMessage {
    const actor = statusOf.get(to);
    const handled = actor && handledAs.get(actor.id, id);
    const waiting = waitingAs.get(run, id);
    return {
      status: actor?.status,
      handled: handled && storedValue('event', codec.read(String(handled.event))),
      waiting: waiting && envelopeIn(waiting),
    };
  }

  return {
    post: (envelope) =>
      writes.add(() => {
        if (isNewMessage(envelope, known(envelope))) insert.run(envelope.run, envelope.id, codec.write(envelope));
      }),
    mail: async (run) => select.all(run).map(envelopeIn),
    dropMail: (run, id) => writes.add(() => void remove.run(run, id)),
  };
}
