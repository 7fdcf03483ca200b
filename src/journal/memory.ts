/** The journal in memory: for tests, for trials, and for work that need not survive the process. It keeps the promises of journal.ts except those about a crash or power loss. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Outcome } from '../contracts/effect.ts';
import { deadLetterList } from '../contracts/deadLetter.ts';
import type { Address } from '../values/ids.ts';
import { asJson, type Json } from '../values/json.ts';
import type { SettledPending } from '../contracts/pending.ts';
import { matchesQuery } from './matches.ts';
import { commitsOf, EndedActors, lastPositionOf, type ActorContents, type KeptResult } from './endedActors.ts';
import type { ActorRow, Commit, HistoryEntry, Journal, Pending, RunLease } from './journal.ts';
import { isNewMessage } from './deduplicate.ts';
import {
  duplicateMessageError,
  fencedError,
  ownedElsewhereError,
  unknownActorError,
  unknownRunError,
  wrongRevisionError,
} from './refusals.ts';

/** Everything that a journal in memory holds. */
export interface MemoryContents {
  readonly actors: Map<Address, ActorContents>;
  /** The same by run, in the order in which they were stored. */
  readonly byRun: Map<string, Set<ActorContents>>;
  /** The actor that has a pending entry, by the key of the entry. */
  readonly actorByPending: Map<string, ActorContents>;
  readonly results: Map<string, KeptResult>;
  readonly claims: Map<string, { epoch: number; owner: string; until: number }>;
  /** By owner: how many leases it holds, and until when all of them last at least. */
  readonly owners: Map<string, { held: number; until: number }>;
  /** The address of the root actor of every run that has not ended, by run. */
  readonly activeRoots: Map<string, Address>;
  readonly mail: Map<string, Map<string, Envelope>>;
  position: number;
}

/** An empty journal's contents. */
export const emptyContents = (): MemoryContents => ({
  actors: new Map(),
  byRun: new Map(),
  actorByPending: new Map(),
  results: new Map(),
  claims: new Map(),
  owners: new Map(),
  activeRoots: new Map(),
  mail: new Map(),
  position: 0,
});

/** Opens a journal in memory; over `contents`, which it changes, or an empty one. Contents that were given are read by others, too, and stay as they are. */
export function memory(given?: MemoryContents): Journal {
  const contents = given ?? emptyContents();
  const { actors, byRun, actorByPending, results, claims, owners, activeRoots, mail } = contents;
  const endedActors = new EndedActors(results, { packs: given === undefined });
  const actorsOf = (run: string | undefined): readonly ActorContents[] =>
    run === undefined ? [...actors.values()] : [...(byRun.get(run) ?? [])];

  const requireOwner = (run: string, epoch: number) => {
    const current = claims.get(run)?.epoch;
    if (current !== epoch) throw fencedError(run, epoch, current);
  };
  /** When a lease ends, 0 when it was released: its owner may have extended all its leases. */
  const endOf = ({ owner, until }: { readonly owner: string; readonly until: number }) =>
    until === 0 ? 0 : Math.max(until, owners.get(owner)?.until ?? 0);
  /** Stores a lease. One that ends at 0 is held by nobody. */
  const putLease = (run: string, lease: { epoch: number; owner: string; until: number }) => {
    const [before, now] = [holderIn(claims.get(run)), holderIn(lease)];
    if (before !== now) {
      countHeld(before, -1);
      countHeld(now, 1);
    }
    claims.set(run, lease);
  };
  const countHeld = (owner: string | undefined, change: number) => {
    if (owner === undefined) return;
    const known = owners.get(owner) ?? { held: 0, until: 0 };
    known.held += change;
    // Without a lease, the time until which all of them last is of no use, and must not hold for one that is claimed later.
    if (known.held <= 0) owners.delete(owner);
    else owners.set(owner, known);
  };
  const close = (key: string) => {
    actorByPending.get(key)?.pending?.delete(key);
    actorByPending.delete(key);
  };
  /** An inbox is there as long as a message waits in it. */
  const removeMail = (run: string, id: string) => {
    const box = mail.get(run);
    if (box?.delete(id) && box.size === 0) mail.delete(run);
  };
  const append = (kept: ActorContents, list: string, entry: Json) => {
    endedActors.restore(kept);
    const lists = (kept.lists ??= new Map<string, Json[]>());
    const entries = lists.get(list);
    if (entries) entries.push(entry);
    else lists.set(list, [entry]);
  };
  const insert = (row: ActorRow): ActorContents => {
    const kept: ActorContents = { row, history: [] };
    actors.set(row.actor, kept);
    const ofRun = byRun.get(row.run);
    if (ofRun) ofRun.add(kept);
    else byRun.set(row.run, new Set([kept]));
    return kept;
  };

  /** Deletes runs that ended before, and returns how many. */
  function prune(before: number, most: number): number {
    const living = new Set<string>();
    const ended = new Set<string>();
    for (const { row } of actors.values())
      (row.status === 'active' || row.updated >= before ? living : ended).add(row.run);
    const gone = new Set([...ended].filter((run) => !living.has(run)).slice(0, most));
    if (gone.size === 0) return 0;
    for (const [address, kept] of actors) {
      if (!gone.has(kept.row.run)) continue;
      for (const key of kept.pending?.keys() ?? []) actorByPending.delete(key);
      actors.delete(address);
      endedActors.forget(kept);
    }
    for (const [key, { run }] of results) if (gone.has(run)) results.delete(key);
    for (const run of gone) {
      countHeld(holderIn(claims.get(run)), -1);
      [byRun, claims, mail].forEach((each) => each.delete(run));
    }
    return gone.size;
  }

  /** `before`: the number of the actor's last commit. */
  const keepResult = (kept: ActorContents, at: number, { key, name, input, outcome }: Commit['results'][number]) => {
    if (results.has(key)) return;
    const { run, actor } = kept.row;
    results.set(key, { run, key, actor, at, name, input, outcome, position: contents.position });
    (kept.results ??= []).push(key);
  };
  /** The commit that handled a message. */
  const handledBy = (kept: ActorContents | undefined, id: string): HistoryEntry | undefined =>
    (kept?.packed ? endedActors.reader()(kept) : kept)?.inbox?.get(id);

  const requireNext = ({ run, epoch, actor, seq, event }: Commit, before: number) => {
    requireOwner(run, epoch);
    if (seq !== before + 1) throw wrongRevisionError(actor, before, seq);
    if (event.inbox && handledBy(actors.get(actor), event.id)) throw duplicateMessageError(actor, event.id);
  };
  const revisionOf = (actor: Address) => actors.get(actor)?.row.seq ?? 0;

  function store(commit: Commit): void {
    const { actor, run, seq, epoch, event, opens, closes, results: answers, appends, state, status } = commit;
    const { updated: at } = commit;
    const row = rowOf(commit);
    const kept = actors.get(actor) ?? insert(row);
    endedActors.restore(kept);
    kept.row = row;
    if (commit.parent === undefined && status === 'active') activeRoots.set(run, actor);
    else if (commit.parent === undefined) activeRoots.delete(run);
    const entry = { position: ++contents.position, actor, seq, at, epoch, state, status, event, opens, closes };
    kept.history.push(entry);
    for (const key of closes) close(key);
    for (const pending of opens) {
      (kept.pending ??= new Map()).set(pending.key, pending);
      actorByPending.set(pending.key, kept);
      if (pending.kind !== 'message') continue;
      const { correlation } = pending.data;
      if (correlation !== undefined && correlation !== event.id)
        (kept.replies ??= new Map()).set(correlation, pending.data);
    }
    for (const result of answers) keepResult(kept, at, result);
    for (const { list, entry } of appends) append(kept, list, entry);
    if (event.inbox) {
      (kept.inbox ??= new Map()).set(event.id, entry);
      removeMail(run, event.id);
    }
    if (status !== 'active') endedActors.add(kept);
  }

  return {
    async commit(commit) {
      requireNext(commit, revisionOf(commit.actor));
      store(commit);
    },
    async commitAll(commits) {
      const revisions = new Map<Address, number>();
      for (const commit of commits) {
        const { actor, seq } = commit;
        requireNext(commit, revisions.get(actor) ?? revisionOf(actor));
        revisions.set(actor, seq);
      }
      for (const commit of commits) store(commit);
    },
    async record(run, epoch, actor, at, result) {
      requireOwner(run, epoch);
      const kept = actors.get(actor);
      if (!kept) throw unknownActorError(actor);
      endedActors.restore(kept);
      keepResult(kept, at, result);
    },
    async bury(run, epoch, letter) {
      requireOwner(run, epoch);
      const own = actors.get(letter.to);
      const holder = own?.row.run === run ? own : actorsOf(run).find(({ row }) => row.parent === undefined);
      if (!holder) throw unknownRunError(run);
      append(holder, deadLetterList, asJson(letter));
      if (actorByPending.get(letter.id)?.pending?.get(letter.id)?.kind === 'message') close(letter.id);
      removeMail(run, letter.id);
    },
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
      actorsOf(run)
        .flatMap(({ pending }) => [...(pending?.values() ?? [])])
        .flatMap(({ kind, data }) => (kind === 'message' ? [data] : [])),
    settle: (_run, keys) => keys.forEach(close),

    async claim(run, owner, { now, ttl, alive }) {
      const held = claims.get(run);
      const end = held ? endOf(held) : 0;
      if (held && held.owner !== owner && end > now && (alive?.(held.owner) ?? true))
        throw ownedElsewhereError(run, { ...held, until: end });
      const epoch = (held?.epoch ?? 0) + 1;
      putLease(run, { epoch, owner, until: now + ttl });
      return epoch;
    },
    async renew(run, epoch, until) {
      const held = claims.get(run);
      if (held?.epoch !== epoch) return false;
      putLease(run, { ...held, until });
      return true;
    },
    async renewAll(owner, until) {
      const known = owners.get(owner);
      if (known) known.until = until;
      return known?.held ?? 0;
    },
    async release(run, epoch) {
      const held = claims.get(run);
      if (held?.epoch === epoch) putLease(run, { ...held, until: 0 });
    },
    async claims({ run: only, owner, expiredAt = Infinity } = {}) {
      const found: RunLease[] = [];
      for (const run of only === undefined ? activeRoots.keys() : activeRoots.has(only) ? [only] : []) {
        const lease = claims.get(run);
        if (!lease || (owner !== undefined && lease.owner !== owner)) continue;
        const until = endOf(lease);
        if (until <= expiredAt) found.push({ run, ...lease, until });
      }
      return found.sort((a, b) => (a.run < b.run ? -1 : 1));
    },

    async post(envelope) {
      const box = mail.get(envelope.run) ?? new Map<string, Envelope>();
      const kept = actors.get(envelope.to);
      const known = {
        status: kept?.row.status,
        handled: handledBy(kept, envelope.id)?.event,
        waiting: box.get(envelope.id),
      };
      if (!isNewMessage(envelope, known)) return;
      mail.set(envelope.run, box.set(envelope.id, structuredClone(envelope)));
    },
    mail: async (run) => [...(mail.get(run)?.values() ?? [])],
    mailed: async () => [...mail.keys()],
    dropMail: async (run, id) => removeMail(run, id),

    async find(query) {
      const { actor, limit = 100 } = query;
      const one = actor === undefined ? undefined : actors.get(actor);
      const among = actor === undefined ? actorsOf(query.run) : one ? [one] : [];
      const found = among.filter(({ row }) => matchesQuery(row, query));
      const whole = endedActors.reader();
      return found
        .reverse()
        .sort((a, b) => b.row.updated - a.row.updated)
        .slice(0, limit)
        .map((kept) => whole(kept).row);
    },
    async history({ run, actor, after, newest = false, limit = 1_000 }) {
      const found = actorsOf(run).filter(
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
    prune: async (before) => prune(before, Infinity),
    pruneSome: async (before, most) => prune(before, most),
    // Memory is not checked: nothing can damage it without the process.
    verify: async () => ({
      actors: actors.size,
      commits: [...actors.values()].reduce((sum, kept) => sum + commitsOf(kept), 0),
      damage: [],
    }),
    async [Symbol.asyncDispose]() {},
  };
}

/** The reply to the message that a commit handled, among what it opened: of several the last one. */
function replyIn({ event: { id }, opens }: HistoryEntry): Envelope | undefined {
  let reply: Envelope | undefined;
  for (const { kind, data } of opens) if (kind === 'message' && data?.correlation === id) reply = data;
  return reply;
}

const holderIn = (lease: { readonly owner: string; readonly until: number } | undefined): string | undefined =>
  lease && lease.until > 0 ? lease.owner : undefined;

const rowOf = ({
  run,
  actor,
  type,
  parent,
  status,
  state,
  tags,
  created,
  updated,
  seq,
  meta,
  snapshot,
}: Commit): ActorRow => ({ run, actor, type, parent, status, state, tags, created, updated, seq, meta, snapshot });
