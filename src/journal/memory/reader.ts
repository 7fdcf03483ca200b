/** What is read of a journal in memory. */
import type { Outcome } from '../../contracts/effect.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { SettledPending } from '../../contracts/pending.ts';
import type { Json } from '../../values/json.ts';
import type { HistoryEntry, Journal, Pending } from '../journal.ts';
import { matchesQuery } from '../matches.ts';
import { keptActors, type MemoryContents } from './contents.ts';
import { commitsOf, lastPositionOf, type EndedActors } from './endedActors.ts';

type Read = 'load' | 'list' | 'handled' | 'undelivered' | 'mail' | 'mailed' | 'find' | 'history' | 'ledger' | 'verify';

/** The part of a journal that reads. */
export function memoryReader(contents: MemoryContents, endedActors: EndedActors): Pick<Journal, Read> {
  const { actors, actorByPending, results, mail } = contents;
  return {
    async load(actor) {
      const kept = actors.get(actor);
      if (!kept) return undefined;
      const { row, lists = new Map<string, Json[]>(), result: resultOf } = endedActors.reader()(kept);
      const pending = [...(kept.pending?.values() ?? [])];
      const answered = new Map<string, Outcome>(
        pending.flatMap(({ key }) => {
          const result = resultOf(key);
          return result ? [[key, result.outcome] as const] : [];
        }),
      );
      return {
        ...row,
        pending,
        results: answered,
        lists: Object.fromEntries([...lists].map(([name, entries]) => [name, entries.length])),
      };
    },
    async list(actor, list, from = 0, to) {
      const kept = actors.get(actor);
      return (kept && endedActors.reader()(kept).lists?.get(list))?.slice(from, to) ?? [];
    },
    async handled(actor, id) {
      const kept = actors.get(actor);
      if (!kept) return undefined;
      const { inbox, replies } = endedActors.reader()(kept);
      const found = inbox?.get(id);
      return found && { seq: found.seq, body: found.event.body, reply: replies?.get(id) ?? replyIn(found) };
    },
    undelivered: async (run) =>
      keptActors(contents, run)
        .flatMap(({ pending }) => [...(pending?.values() ?? [])])
        .flatMap(({ kind, data }) => (kind === 'message' ? [data] : [])),
    mail: async (run) => [...(mail.get(run)?.values() ?? [])],
    mailed: async () => [...mail.keys()],

    async find(query) {
      const { actor, limit = 100 } = query;
      const one = actor === undefined ? undefined : actors.get(actor);
      const among = actor === undefined ? keptActors(contents, query.run) : one ? [one] : [];
      const found = among.filter(({ row }) => matchesQuery(row, query));
      const whole = endedActors.reader();
      return found
        .reverse()
        .sort((a, b) => b.row.updated - a.row.updated)
        .slice(0, limit)
        .map((kept) => whole(kept).row);
    },
    async history({ run, actor, after, newest = false, limit = 1_000 }) {
      const found = keptActors(contents, run).filter(
        (kept) => (actor === undefined || kept.row.actor === actor) && lastPositionOf(kept) > (after ?? 0),
      );
      // Of the newest commits none is of an actor before whose last commit so many others have one.
      const among = newest ? found.sort((a, b) => lastPositionOf(b) - lastPositionOf(a)).slice(0, limit) : found;
      const whole = endedActors.reader();
      const open = (pending: Pending | SettledPending): Pending | SettledPending =>
        actorByPending.has(pending.key) ? pending : { ...pending, data: null };
      return among
        .flatMap((kept) => whole(kept).history)
        .filter((entry) => after === undefined || entry.position > after)
        .sort((a, b) => (newest ? b.position - a.position : a.position - b.position))
        .slice(0, limit)
        .map((entry) => ({ ...entry, opens: entry.opens.map(open) }));
    },
    async ledger(run) {
      const whole = endedActors.reader();
      const found = [...results].map(([key, result]) =>
        result.run !== run ? undefined : 'of' in result ? whole(result.of).result(key) : result,
      );
      return found.flatMap((result) => {
        if (!result) return [];
        const { run: _, ...entry } = result;
        return [entry];
      });
    },
    // Memory is not checked: nothing can damage it without the process.
    verify: async () => ({
      actors: actors.size,
      commits: [...actors.values()].reduce((sum, kept) => sum + commitsOf(kept), 0),
      damage: [],
    }),
  };
}

/** The reply to the message that a commit handled, among what it opened: of several the last one. */
function replyIn({ event: { id }, opens }: HistoryEntry): Envelope | undefined {
  let reply: Envelope | undefined;
  for (const { kind, data } of opens) if (kind === 'message' && data?.correlation === id) reply = data;
  return reply;
}
