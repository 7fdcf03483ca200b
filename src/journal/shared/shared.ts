/**
 * A journal that many processes share, where each pays for its own runs only. A process writes the commits of all its runs to one log of its own, which is also
 * its lease; a run at rest is a few segments on a subject of its own. Whoever takes a run over ends the log of its dead owner first, and moves what it finds
 * there into the claim.
 *
 * SJ1 A run has one owner. Another process gets it when the owner's log is ended: from then on no write of that owner is applied by anybody.
 * SJ2 What was acknowledged is in the log or in a segment at every moment: at a trim, a take-over, and when a process is killed between any two steps.
 * SJ3 A run is born once: the first segment is appended where nothing is.
 * SJ4 A write whose outcome is unknown is rejected with `storage`. Asked for again, it is made once. A claim that nobody waits for is given back.
 * SJ5 A run that waits costs no message: a process renews all its runs by its presence. The commits of one turn are one message. Taken over, it costs one, and
 *    is not read.
 * SJ6 Damage, and a write that only a newer version knows, refuse the runs that they concern. Messages of other programs are skipped.
 * SJ7 Clocks of processes are not compared. Refused are a server in an older state than this machine has seen, one that has lost a part of the journal, and
 *    two that both keep it.
 */
import type { Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Journal, RunLease, SkippedEntry } from '../journal.ts';
import { fencedError, ownedElsewhereError } from '../refusals.ts';
import { Claims } from './claims.ts';
import { DeadProcesses } from './deadProcesses.ts';
import { Incarnation } from './incarnation.ts';
import { incarnationName, ownerOf } from './incarnationName.ts';
import { inParallel } from '../../values/inParallel.ts';
import { activeRuns, findInAll, historyOfAll, isActive, leaseIn, restIn } from './lists.ts';
import { Liveness } from './liveness.ts';
import { StoredMail } from './storedMail.ts';
import { prune, removeRun } from './prune.ts';
import { runContents } from './runContents.ts';
import { RunReader } from './runReader.ts';
import { indexed, segmentHead, type IndexedRun, type RunSummary } from './segment.ts';
import { copyOf } from './setAside.ts';
import { presenceTtl, type SharedStore } from './store.ts';
import { summaries, type SummaryOf } from './summaries.ts';
import { Tails } from './tails.ts';
import { usualUpkeep, type Upkeep } from './upkeep.ts';
import { verifyStore } from './verify.ts';
import { WriteProbe } from './writeProbe.ts';

/** How a shared journal is opened. */
export interface SharedJournalOptions {
  /** Closed with the journal. */
  readonly store: SharedStore;
  readonly clock: Clock;
  /** Called with a sentence for the operator. Default: nothing. */
  readonly onNotice?: (says: string) => void;
  /** When it moves and deletes what it has; as usual by default. */
  readonly upkeep?: Partial<Upkeep>;
}

/** How many skipped messages are named. */
const namedSkipped = 10;

/** A journal over a shared store. */
export type SharedJournal = Journal & Required<Pick<Journal, 'skipped' | 'setAside'>>;

/** Opens a shared journal. */
export function shared({ store, clock, onNotice = () => {}, upkeep: changed }: SharedJournalOptions): SharedJournal {
  const upkeep = { ...usualUpkeep, ...changed };
  const tails = new Tails(store.logs);
  const reader = new RunReader(store.runs, tails, clock);
  const liveness = new Liveness(store);
  /** The runs of which a note says that nobody has them, when they were listed last. */
  let noted: ReadonlySet<string> = new Set();
  /** The waiting runs among those that nobody had, when they were listed last. */
  let atRest: ReadonlyMap<string, IndexedRun> = new Map();
  const claims = new Claims({
    store,
    clock,
    reader,
    liveness,
    isNoted: (run) => noted.has(run),
    atRest: (run) => atRest.get(run),
  });
  /** By owner: the incarnation that can claim. */
  const incarnations = new Map<string, Incarnation>();
  const id = clock.id();
  const isMine = (process: string) => [...incarnations.values()].some(({ name }) => name === process);
  const isWell = (process: string) =>
    [...incarnations.values()].some(({ name, isPresent }) => name === process && isPresent);
  const dead = new DeadProcesses({ store, liveness, tails, clock, upkeep, isWell, name: id });
  const skipped: { count: number; readonly latest: SkippedEntry[] } = { count: 0, latest: [] };
  const probe = new WriteProbe(store, clock);
  let lost: TroupeError | undefined;
  let isClosed = false;

  const incarnationOf = (owner: string): Incarnation => {
    const before = incarnations.get(owner);
    if (before) return before;
    const name = incarnationName(owner, clock.id());
    const made = new Incarnation({
      owner,
      name,
      store,
      clock,
      upkeep,
      read: (run, sequence) => reader.readSegments(run, sequence),
      onMail: (run) => mailbox.note(run),
      onNotice,
      onForeign: (position) => {
        skipped.count++;
        skipped.latest.unshift({ position, reason: `it is no entry of ${name}` });
        skipped.latest.splice(namedSkipped);
      },
      onEnded(reason) {
        if (incarnations.get(owner) === made) incarnations.delete(owner);
        if (reason.kind === 'fenced') onNotice(reason.message);
        else if (!isClosed) lost = reason;
      },
    });
    incarnations.set(owner, made);
    return made;
  };
  const holderOf = (run: string): Incarnation | undefined => {
    for (const incarnation of incarnations.values()) if (incarnation.held.has(run)) return incarnation;
    return undefined;
  };
  const mailbox = new StoredMail({
    store,
    clock,
    holds: (run) => holderOf(run) !== undefined,
    contentOf: (run) => contents.of(run),
  });

  const contents = runContents({ store, reader, holderOf, onNotice });

  /** Claims a run; with a new incarnation where the log of the one before turns out to be ended. */
  async function claimAs(
    run: string,
    owner: string,
    { alive = () => true, asListed }: Pick<Parameters<Journal['claim']>[2], 'alive' | 'asListed'>,
  ): Promise<number> {
    const claim = (mine: Incarnation) =>
      asListed === undefined ? claims.claim(run, mine, alive) : claims.claimAsListed(run, asListed, mine);
    const incarnation = incarnationOf(owner);
    try {
      return await claim(incarnation);
    } catch (thrown) {
      if (toFailure(thrown).kind !== 'fenced') throw thrown;
      await incarnation.log.probe().catch(() => {});
      if (!incarnation.log.ended) throw thrown;
      return claim(incarnationOf(owner));
    }
  }

  /** A write of the owner. `identity`: by what the same write is recognised when it is asked for again; its arguments by default. */
  async function write(
    method: 'commit' | 'commitAll' | 'record' | 'bury',
    run: string,
    epoch: number,
    args: readonly unknown[],
    identity?: string,
  ): Promise<void> {
    const incarnation = holderOf(run);
    const held = incarnation?.held.get(run);
    if (!incarnation || !held || held.isClosed) throw lost ?? fencedError(run, epoch, undefined);
    await held.whileLoaded(async () => {
      // It may have been given back while it was loaded.
      if (held.isClosed) throw fencedError(run, epoch, undefined);
      await incarnation.log.write(run, method, args, identity);
    });
  }

  const ownSummary = (run: string): RunSummary | undefined => {
    const held = holderOf(run)?.held.get(run);
    return held?.isQuiet ? held.summary : undefined;
  };
  const knownSummaries = (processes?: Iterable<string>) =>
    summaries({ logs: store.logs, tails, isMine, ownSummary }, processes);

  /** Does a process not live, as far as is known? Only the end of its log makes it certain. Each process is asked about once. */
  async function goneProcesses(): Promise<(process: string) => Promise<boolean>> {
    const present = await store.presence.present();
    const asked = new Map<string, Promise<boolean>>();
    return (process) => {
      if (isWell(process)) return Promise.resolve(false);
      if (present !== undefined && !present.has(process)) return Promise.resolve(true);
      const known = asked.get(process) ?? liveness.isEnded(process);
      asked.set(process, known);
      return known;
    };
  }

  /** The runs that nobody has: given back, or left by a process that died. */
  async function freeRuns(): Promise<IndexedRun[]> {
    const names = await store.free.names();
    noted = new Set(names);
    const heads = (await store.runs.heads(names)).flatMap((message) => indexed(message) ?? []);
    const free = heads.filter(({ head: { owner, summary } }) => owner === undefined && isActive(summary));
    return [...free, ...(await dead.runs()).flatMap((message) => indexed(message) ?? [])];
  }

  async function lastOf(runs: readonly string[]): Promise<IndexedRun[]> {
    const found = await inParallel(runs, async (run) => {
      const last = await store.runs.last(run);
      return last && indexed({ ...last, name: run });
    });
    return found.filter((entry) => entry !== undefined);
  }

  return {
    async claim(run, owner, options) {
      if (lost) throw lost;
      const epoch = await claimAs(run, owner, options);
      for (const incarnation of incarnations.values()) if (incarnation.owner !== owner) incarnation.remove(run);
      mailbox.claimed(run, { isBorn: epoch === 1, isRead: holderOf(run)?.held.get(run)?.isLoaded !== false });
      return epoch;
    },
    async renew(run, epoch) {
      const incarnation = holderOf(run);
      if (incarnation?.held.get(run)?.epoch !== epoch) return false;
      await incarnation.settle();
      return incarnation.held.get(run)?.epoch === epoch;
    },
    isCurrent: (run) => holderOf(run)?.isPresent ?? false,
    async renewAll(owner) {
      await incarnations.get(owner)?.settle();
      return incarnations.get(owner)?.held.size ?? 0;
    },
    async release(run, epoch, why) {
      const incarnation = holderOf(run);
      if (incarnation) await claims.release(run, epoch, incarnation, { hasFailed: why === 'failed' });
      mailbox.forget(run);
    },
    async claims({ run, owner, expiredAt } = {}) {
      const own = owner === undefined ? undefined : incarnations.get(owner);
      let summaryOf: SummaryOf = () => undefined;
      let entries: readonly IndexedRun[];
      if (run !== undefined) entries = await lastOf([run]);
      else if (expiredAt !== undefined) {
        entries = await freeRuns();
        // Their logs are ended. Those of processes that live are read by who lists their runs, not by who looks for free ones again and again.
        summaryOf = await knownSummaries(new Set(entries.flatMap(({ head }) => head.owner ?? [])));
      } else {
        summaryOf = await knownSummaries(own ? [] : undefined);
        entries = await (own ? lastOf([...own.held.keys()]) : activeRuns(store));
      }
      const isGone = entries.length === 0 ? undefined : await goneProcesses();
      const waiting = new Map<string, IndexedRun>();
      const found = await inParallel(entries, async (entry): Promise<RunLease | undefined> => {
        const summary = summaryOf(entry);
        if (!(summary ? isActive(summary) : await contents.isActive(entry.run))) return undefined;
        const { owner: holder } = entry.head;
        const isOver = holder !== undefined && (await isGone?.(holder)) === true;
        const rest = expiredAt === undefined ? undefined : restIn(summary);
        if (rest) waiting.set(entry.run, entry);
        return { ...leaseIn(entry.run, entry.head, clock.now(), isOver), ...(rest ? { rest } : {}) };
      });
      if (run === undefined && expiredAt !== undefined) atRest = waiting;
      return found
        .filter((lease) => lease !== undefined)
        .filter((lease) => (owner === undefined || lease.owner === owner) && lease.until <= (expiredAt ?? Infinity))
        .sort((a, b) => (a.run < b.run ? -1 : 1));
    },

    async commit(commit) {
      await write('commit', commit.run, commit.epoch, [commit]);
      if (commit.event.inbox) void mailbox.settled(commit.run, commit.event.id);
    },
    async commitAll(commits) {
      const [first] = commits;
      if (!first) return;
      await write('commitAll', first.run, first.epoch, [commits]);
      for (const { run, event } of commits) if (event.inbox) void mailbox.settled(run, event.id);
    },
    record: (run, epoch, actor, at, result) => write('record', run, epoch, [run, epoch, actor, at, result]),
    async bury(run, epoch, letter) {
      // The time of a dead letter is no part of its identity: asked again, it is the same one.
      const identity = JSON.stringify(['bury', run, epoch, letter.to, letter.id]);
      await write('bury', run, epoch, [run, epoch, letter], identity);
      await mailbox.settled(run, letter.id);
    },
    settle(run, keys) {
      const incarnation = holderOf(run);
      const held = incarnation?.held.get(run);
      if (!incarnation || !held) return; // If the removal is lost, they are only delivered again.
      // Also while the run is being given back: an actor that has ended gets its last messages then.
      void held.whileLoaded(() => incarnation.log.write(run, 'settle', [run, keys])).catch(() => {});
    },
    load: async (actor) => (await contents.withActor(actor))?.journal.load(actor),
    list: async (actor, ...rest) => (await contents.withActor(actor))?.journal.list(actor, ...rest) ?? [],
    handled: async (actor, message) => (await contents.withActor(actor))?.journal.handled(actor, message),
    undelivered: async (run) => (await contents.of(run))?.journal.undelivered(run) ?? [],

    post: (envelope) => mailbox.post(envelope),
    mail: (run) => mailbox.read(run),
    mailed: () => mailbox.mailed(),
    dropMail: (run, message) => mailbox.drop(run, message),

    async find(query) {
      const { run, actor } = query;
      if (run === undefined && actor === undefined)
        return findInAll(store, query, await knownSummaries(), contents.inList);
      const content = await (run === undefined ? contents.withActor(actor ?? '') : contents.of(run));
      return content?.journal.find(query) ?? [];
    },
    async history(query) {
      const { run, actor } = query;
      if (run !== undefined) return (await contents.of(run))?.journal.history(query) ?? [];
      if (actor !== undefined) return (await contents.withActor(actor))?.journal.history(query) ?? [];
      return historyOfAll(store, query, contents.inList);
    },
    ledger: async (run) => (await contents.of(run))?.journal.ledger(run) ?? [],
    prune: (before) =>
      prune({
        store,
        before,
        contentOf: contents.inList,
        isFree: (process) => isMine(process) || liveness.end(process, id),
        onPruned: (run) => holderOf(run)?.remove(run),
      }),
    verify: () => verifyStore(store, clock),
    async setAside(run, { now, alive = () => true, keep }) {
      await store.requireDeletion();
      const last = await store.runs.last(run);
      const owner = last && segmentHead(last)?.owner;
      if (owner !== undefined && !isMine(owner) && !(await liveness.end(owner, id, !alive(ownerOf(owner)))))
        throw ownedElsewhereError(run, { owner: ownerOf(owner), until: now + presenceTtl });
      holderOf(run)?.remove(run);
      keep(await copyOf(store, run));
      await removeRun(store, run);
    },

    lost: () => lost ?? store.lost(),
    skipped: () => skipped,
    trouble({ tryWrite = false } = {}) {
      const logs = [...incarnations.values()].map(({ log }) => log);
      for (const { storedAt } of logs) probe.wrote(storedAt);
      const trouble =
        (lost ?? store.lost())?.message ?? logs.map((log) => log.trouble).find((each) => each !== undefined);
      if (trouble === undefined && tryWrite) probe.try();
      return trouble ?? probe.failure;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await Promise.all([...incarnations.values()].map((incarnation) => incarnation.close()));
      await store[Symbol.asyncDispose]();
    },
  };
}
