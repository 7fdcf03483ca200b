/** What is written to a journal in memory: commits, results of effects, dead letters, mail. */
import { deadLetterList } from '../../contracts/deadLetter.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { Address } from '../../values/ids.ts';
import { asJson, type Json } from '../../values/json.ts';
import { isNewMessage } from '../deduplicate.ts';
import type { ActorRow, Commit, HistoryEntry, Journal } from '../journal.ts';
import { duplicateMessageError, unknownActorError, unknownRunError, wrongRevisionError } from '../refusals.ts';
import { keptActors, closePending, insertActor, removeMail, type MemoryContents } from './contents.ts';
import type { ActorContents, EndedActors } from './endedActors.ts';

type Written = 'commit' | 'commitAll' | 'record' | 'bury' | 'settle' | 'post' | 'dropMail';

/** The part of a journal that writes, over contents, which it changes. */
export function memoryWriter(
  contents: MemoryContents,
  endedActors: EndedActors,
  /** Throws `fenced` when the run is owned under another epoch. */
  requireOwner: (run: string, epoch: number) => void,
): Pick<Journal, Written> {
  const { actors, actorByPending, results, activeRoots, mail } = contents;

  const append = (kept: ActorContents, list: string, entry: Json) => {
    endedActors.restore(kept);
    const lists = (kept.lists ??= new Map<string, Json[]>());
    const entries = lists.get(list);
    if (entries) entries.push(entry);
    else lists.set(list, [entry]);
  };
  /** `at`: the time, milliseconds since the epoch. */
  const keepResult = (kept: ActorContents, at: number, { key, name, input, outcome }: Commit['results'][number]) => {
    if (results.has(key)) return;
    const { run, actor } = kept.row;
    results.set(key, { run, key, actor, at, name, input, outcome, position: contents.position });
    (kept.results ??= []).push(key);
  };
  /** The commit that handled a message. */
  const handledBy = (kept: ActorContents | undefined, id: string): HistoryEntry | undefined =>
    (kept?.packed ? endedActors.reader()(kept) : kept)?.inbox?.get(id);

  /** `before`: the number of the actor's last commit. */
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
    const kept = actors.get(actor) ?? insertActor(contents, row);
    endedActors.restore(kept);
    kept.row = row;
    if (commit.parent === undefined && status === 'active') activeRoots.set(run, actor);
    else if (commit.parent === undefined) activeRoots.delete(run);
    const entry = { position: ++contents.position, actor, seq, at, epoch, state, status, event, opens, closes };
    kept.history.push(entry);
    for (const key of closes) closePending(contents, key);
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
      removeMail(contents, run, event.id);
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
      const holder = own?.row.run === run ? own : keptActors(contents, run).find(({ row }) => row.parent === undefined);
      if (!holder) throw unknownRunError(run);
      append(holder, deadLetterList, asJson(letter));
      if (actorByPending.get(letter.id)?.pending?.get(letter.id)?.kind === 'message') closePending(contents, letter.id);
      removeMail(contents, run, letter.id);
    },
    settle: (_run, keys) => keys.forEach((key) => closePending(contents, key)),

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
    dropMail: async (run, id) => removeMail(contents, run, id),
  };
}

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
