/**
 * Applies the entries of a log to a replica, from the replica's mark on, and continues with new entries as they are appended.
 *
 * AP1 An entry is applied once, and after all entries before it. A gap is never skipped.
 * AP2 A replica that is behind the oldest entry of the log starts again from a snapshot. A replica of another log is refused, and so is
 *    one with an entry that the log does not have, unless the loss is accepted.
 * AP3 An entry that cannot be applied now (for example because the disk is full) is tried again. No later entry is applied before it.
 * AP4 What is no entry is skipped, by every process alike, and remembered.
 * AP5 A replica that turns out to be damaged is rebuilt from the log. Nothing is read from it meanwhile.
 */
import { reasonOf } from '../../values/cause.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { decodeEntry } from './entry.ts';
import type { LoggedMethod } from './loggedMethods.ts';
import type { Log, LogEntry, LogBounds } from './log.ts';
import type { LogWriter } from './logWriter.ts';
import { rebuiltNotice, type ReplicaMark, type JournalReplica } from './replica.ts';

/** What an applier works with. */
export interface ApplierOptions {
  readonly log: Log;
  readonly replica: JournalReplica;
  /** The writer of this process, which is told what became of its entries. */
  readonly writer: LogWriter;
  readonly clock: Clock;
  /** Performs a write on the replica. */
  readonly apply: (write: LoggedMethod, args: readonly Json[]) => unknown;
  /** In entries: an entry further than this behind what its writer had applied is ignored by every process. So the replica can forget a writer after that many entries. */
  readonly staleAfter: number;
  /** In entries: when a snapshot is at least this far ahead, it is loaded instead of the entries up to it. */
  readonly catchUpThreshold: number;
  /** The log may lack entries that this process has applied: what is not in it is given up. */
  readonly acceptRestored: boolean;
  /** Called after each entry. `own`: its bytes when this process wrote it, else 0. */
  readonly onApplied: (position: number, own: number) => void;
  /** Called with a sentence for the operator. */
  readonly notice: (says: string) => void;
}

/** An id as it is compared and stored. Entries have such ids; of what others put into the log, an id may be anything. */
const plainId = (id: string | undefined): string => (id !== undefined && /^[ -~]{1,300}$/.test(id) ? id : '');

/** A replica that is being replaced. */
interface Rebuild {
  readonly damage: unknown;
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
  /** The empty replica is in its place. */
  isBegun: boolean;
}

/** So often is a damaged replica replaced: a disk that damages it again and again is not to keep the process busy for ever. */
const mostRebuilds = 5;

/** Keeps a replica up to date until it is stopped. */
export class Applier {
  readonly #options: ApplierOptions;
  readonly #ending = new AbortController();
  #stopped: Promise<void> | undefined;
  /** The first position after a gap in the log. */
  #gap: number | undefined;
  #failure: unknown;
  /** The log itself lacks entries: no replica can be rebuilt from it. */
  #lostEntries: unknown;
  #rebuild: Rebuild | undefined;
  #rebuilds = 0;
  /** Ends the reading of the log, so that the replica can be replaced. */
  #reading = new AbortController();
  /** It has once applied all that the log had. */
  #isReady = false;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** Why entries cannot be applied now; undefined while they can. */
  get trouble(): string | undefined {
    return this.#failure === undefined ? undefined : reasonOf(this.#failure);
  }

  /** Resolves when all entries that the log had at the call were applied; rejects when they cannot be. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stopped = this.#run(resolve, reject);
    });
  }

  /** Resolves when the last entry under way was applied. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#stopped;
  }

  /** Is the replica being rebuilt? Until this resolves, what it says is of an earlier time. */
  get rebuilding(): Promise<void> | undefined {
    return this.#rebuild?.done;
  }

  /** AP5. Resolves when an empty replica in the place of the damaged one has caught up with the log. Rejects with `damage` when none can be put there. */
  rebuild(damage: unknown): Promise<void> {
    if (!this.#options.replica.recreate || this.#ending.signal.aborted || this.#rebuilds >= mostRebuilds)
      return Promise.reject(damage as Error);
    if (this.#rebuild) return this.#rebuild.done;
    this.#rebuilds++;
    let [resolve, reject] = [() => {}, (_: unknown) => {}];
    const done = new Promise<void>((fulfil, refuse) => ([resolve, reject] = [fulfil, refuse]));
    done.catch(() => {});
    this.#rebuild = { damage, done, resolve, reject, isBegun: false };
    this.#reading.abort();
    return done;
  }

  async #recreate(rebuild: Rebuild): Promise<void> {
    const { replica, notice } = this.#options;
    rebuild.isBegun = true;
    notice(rebuiltNotice(replica.path, reasonOf(rebuild.damage)));
    await replica.recreate?.();
  }

  #rebuilt(): void {
    this.#rebuild?.resolve();
    this.#rebuild = undefined;
  }

  async #run(ready: () => void, failed: (error: unknown) => void): Promise<void> {
    const { clock, writer } = this.#options;
    const { signal } = this.#ending;
    for (let pause = 50; !signal.aborted;) {
      try {
        this.#reading = new AbortController();
        if (this.#rebuild && !this.#rebuild.isBegun) await this.#recreate(this.#rebuild);
        const bounds = await this.#prepare();
        writer.resend();
        this.#failure = undefined;
        await this.#follow(this.#isReady && !this.#rebuild ? 0 : bounds.last, bounds.last, () => {
          this.#isReady = true;
          this.#rebuilt();
          ready();
        });
        pause = 50;
      } catch (thrown) {
        if (signal.aborted) return;
        const { kind, message, retryable } = toFailure(thrown);
        if (kind === 'corrupt' && thrown !== this.#lostEntries && (await this.#beginsAnew(thrown))) continue;
        this.#failure = thrown;
        if (!this.#isReady) return failed(thrown);
        if (!retryable && thrown instanceof TroupeError) {
          this.#options.notice(message);
          this.#rebuild?.reject(thrown);
          return writer.close(thrown);
        }
        if (pause > 1_000) writer.stall(thrown);
        await sleep(clock, pause, signal).catch(() => {});
        pause = Math.min(pause * 2, 5_000);
      }
    }
  }

  /** A damaged replica is replaced, also one that is damaged again while it is rebuilt. */
  async #beginsAnew(damage: unknown): Promise<boolean> {
    if (this.#rebuild?.isBegun) {
      if (++this.#rebuilds > mostRebuilds) return false;
      this.#rebuild.isBegun = false;
      return true;
    }
    const begun = this.rebuild(damage);
    return (
      this.#rebuild !== undefined ||
      (await begun.then(
        () => true,
        () => false,
      ))
    );
  }

  /** Applies entries until there is a gap, or the connection was lost meanwhile. */
  async #follow(target: number, last: number, ready: () => void): Promise<void> {
    const { log, replica } = this.#options;
    if (replica.mark.position >= target) ready();
    const signal = AbortSignal.any([this.#ending.signal, this.#reading.signal]);
    for await (const entry of log.entries(replica.mark.position + 1, signal)) {
      if (entry.position <= replica.mark.position) continue;
      if (entry.position > replica.mark.position + 1) return this.#noteGap(entry.position);
      // Of what is there already many entries come at once, and the connection must answer its server meanwhile.
      const turn = entry.position < last ? this.#options.clock.turn?.() : undefined;
      if (turn) await turn;
      if (signal.aborted) return;
      this.#applyEntry(entry);
      this.#gap = undefined;
      if (entry.position === target) ready();
    }
  }

  /** The log was cut meanwhile, so a snapshot has the entries. When the same gap comes again, no snapshot has them: they were deleted. */
  #noteGap(continuesAt: number): void {
    const { position } = this.#options.replica.mark;
    if (this.#gap === continuesAt)
      throw (this.#lostEntries = new TroupeError(
        'corrupt',
        `The entries ${position + 1} to ${continuesAt - 1} of the shared journal are gone, and no snapshot has them. Put the server's store back.`,
      ));
    this.#gap = continuesAt;
  }

  #applyEntry({ position, id, bytes }: LogEntry): void {
    const { replica, writer, apply, staleAfter, onApplied } = this.#options;
    const mark: ReplicaMark = { log: replica.mark.log, position, id: plainId(id) };
    const entry = decodeEntry(id, bytes, position);
    if (typeof entry === 'string') return this.#skip(mark, entry);
    const isApplied = entry.from < replica.nextWrite(entry.by);
    const isLate = !isApplied && position - entry.after > staleAfter;
    if (isApplied || isLate) replica.apply(mark, undefined, () => {});
    else {
      let results: unknown[] = [];
      replica.apply(mark, { writer: entry.by, next: entry.from + entry.writes.length }, () => {
        results = entry.writes.map(([write, args]) => attempt(() => apply(write, args)));
      });
      if (entry.by === writer.name) writer.onApplied(entry, results);
    }
    const isOwn = entry.by === writer.name;
    if (isLate && isOwn) writer.onExpired(entry);
    onApplied(position, isOwn ? bytes.length : 0);
  }

  /** AP4 */
  #skip(mark: ReplicaMark, reason: string): void {
    const { replica, onApplied } = this.#options;
    replica.skip(mark, reason);
    onApplied(mark.position, 0);
  }

  /** Makes sure that the replica is one of this log, and not behind its oldest entry. */
  async #prepare(): Promise<LogBounds> {
    const { log, replica, catchUpThreshold, acceptRestored, notice } = this.#options;
    const bounds = await log.bounds();
    const { position, log: name } = replica.mark;
    if (position > 0 && name !== bounds.log)
      throw new TroupeError(
        'environment',
        `The shared journal is another one than this process has applied (made ${bounds.log}; the other one ${name}): the server's store was emptied or replaced, and what was committed is not in it. Put the store back${replica.path === undefined ? '.' : `; or, if it is meant to begin anew, delete ${replica.path}.`}`,
        { data: { gone: true } },
      );
    const isOurs = await this.#hasLastEntry(bounds, replica.mark);
    if (!isOurs && !acceptRestored) throw olderState(replica, bounds);
    if (!isOurs)
      notice(
        `The server has lost entries of the shared journal that it had acknowledged: this process had applied them up to ${position}, the server has up to ${bounds.last}. As it was told to, this process continues from what the server has. Leave out the option next time.`,
      );
    const isBehind = position + 1 < bounds.first || this.#gap !== undefined;
    if (!isOurs || isBehind || bounds.last - position >= catchUpThreshold)
      await this.#catchUp(bounds, isOurs && !isBehind);
    if (replica.mark.log === '') this.#initialize(bounds);
    return bounds;
  }

  /** Does the log have the replica's last entry? When that entry was cut away, its position decides. */
  async #hasLastEntry({ first, last }: LogBounds, { position, id }: ReplicaMark): Promise<boolean> {
    if (position === 0 || position < first) return true;
    if (position > last) return false;
    const found = await this.#options.log.idAt(position);
    return found === undefined || plainId(found) === id; // A message that somebody deleted says nothing.
  }

  #initialize(bounds: LogBounds): void {
    this.#options.replica.apply({ log: bounds.log, position: 0, id: '' }, undefined, () => {});
  }

  /** Loads the newest snapshot that can be read and is of this log. `mayStay`: the replica could also continue as it is. */
  async #catchUp(bounds: LogBounds, mayStay: boolean): Promise<void> {
    const { log, replica, writer, catchUpThreshold } = this.#options;
    let failure: unknown;
    const positions = await log.snapshots.list();
    for (const position of positions) {
      const isNearer = position - replica.mark.position >= catchUpThreshold;
      if (position > bounds.last || position + 1 < bounds.first || (mayStay && !isNearer)) continue;
      try {
        await replica.restore(log.snapshots.read(position));
        writer.onReplicaReplaced();
        if (replica.mark.log === bounds.log && (await this.#hasLastEntry(bounds, replica.mark))) return;
        mayStay = false;
      } catch (thrown) {
        if (toFailure(thrown).kind === 'incompatible') throw thrown;
        failure = thrown;
      }
    }
    if (mayStay) return;
    const now = await log.bounds();
    const [newest] = await log.snapshots.list();
    // The log was cut while the snapshots were read.
    if (now.first > bounds.first || newest !== positions[0]) return this.#catchUp(now, mayStay);
    if (now.first > 1)
      throw new TroupeError(
        'storage',
        `The shared journal begins with its entry ${now.first}, and no snapshot of what came before can be read${failure === undefined ? '' : `: ${reasonOf(failure)}`}.`,
        { cause: failure },
      );
    await replica.restore(undefined);
    writer.onReplicaReplaced();
  }
}

/** Going on would begin anew what has ended since: its results are lost, and who asks for them again has the work done twice. */
const olderState = ({ mark, path }: JournalReplica, { last }: LogBounds) =>
  new TroupeError(
    'environment',
    `The server's shared journal is in an older state than the one that this process has applied: entry ${mark.position} is not in it any more (it ends at ${last}). It was restored from a backup, or has lost what it had acknowledged. Runs that ended since are not in it and would be run again. Put the newer store back; or, if the older state is to hold, say so: --nats-accept-restored, TROUPE_NATS_ACCEPT_RESTORED=1 or nats: { acceptRestored: true }${path === undefined ? '' : ` (applied so far: ${path})`}.`,
    { data: { gone: true, applied: mark.position, last } },
  );

/** The result of a write, which may be a refusal. For a write of another process nothing here waits for it. */
function attempt(perform: () => unknown): Promise<unknown> {
  const result = new Promise((resolve) => resolve(perform()));
  result.catch(() => {});
  return result;
}
