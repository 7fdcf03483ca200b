/** Messages left by whatever process, for the owner of the run to find. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Json } from '../contracts/json.ts';
import type { Mail } from './journal.ts';
import type { Store } from './store.ts';

export function mailroom({ db, group, text }: Store): Mail {
  const insert = db.prepare('INSERT OR IGNORE INTO mail (run, id, envelope) VALUES (?, ?, ?)');
  const select = db.prepare('SELECT envelope FROM mail WHERE run = ? ORDER BY n');
  const remove = db.prepare('DELETE FROM mail WHERE run = ? AND id = ?');
  return {
    post: (envelope) =>
      group.add(() => void insert.run(envelope.run, envelope.id, text.write(envelope as unknown as Json))),
    mail: async (run) => select.all(run).map(({ envelope }) => text.read(String(envelope)) as unknown as Envelope),
    dropMail: (run, id) => group.add(() => void remove.run(run, id)),
  };
}
