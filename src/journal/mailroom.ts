/** Messages left by whatever process, for the owner of the run to find. */
import type { Envelope } from '../contracts/envelope.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';
import type { Mail } from './journal.ts';
import { isNew, type Known } from './posting.ts';
import type { Store } from './store.ts';

export function mailroom({ db, group, text }: Store): Mail {
  const insert = db.prepare('INSERT INTO mail (run, id, envelope) VALUES (?, ?, ?)');
  const select = db.prepare('SELECT envelope FROM mail WHERE run = ? ORDER BY n');
  const remove = db.prepare('DELETE FROM mail WHERE run = ? AND id = ?');
  const statusOf = db.prepare('SELECT id, status FROM actors WHERE actor = ?');
  const handledAs = db.prepare(
    'SELECT c.event FROM inbox i JOIN commits c ON c.actor = i.actor AND c.seq = i.seq WHERE i.actor = ? AND i.id = ?',
  );
  const lyingAs = db.prepare('SELECT envelope FROM mail WHERE run = ? AND id = ?');

  function known({ run, id, to }: Envelope): Known {
    const actor = statusOf.get(to);
    const handled = actor && handledAs.get(actor.id!, id);
    const lying = lyingAs.get(run, id);
    return {
      status: actor?.status as ActorStatus | undefined,
      handled: handled && (text.read(String(handled.event)) as unknown as { body: Json }),
      lying: lying && (text.read(String(lying.envelope)) as unknown as Envelope),
    };
  }

  return {
    post: (envelope) =>
      group.add(() => {
        if (isNew(envelope, known(envelope)))
          insert.run(envelope.run, envelope.id, text.write(envelope as unknown as Json));
      }),
    mail: async (run) => select.all(run).map(({ envelope }) => text.read(String(envelope)) as unknown as Envelope),
    dropMail: (run, id) => group.add(() => void remove.run(run, id)),
  };
}
