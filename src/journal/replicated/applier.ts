/**
 * Applies the entries of a log to a replica, from the replica's mark on, and continues with new entries as they are appended.
 *
 * AP1 An entry is applied once, and after all entries before it. A gap is never skipped.
 * AP2 A replica that is behind the oldest entry of the log, or whose last entry is not in the log, starts again from a snapshot. A replica of
 *    another log is refused.
 * AP3 An entry that cannot be applied now (for example because the disk is full) is tried again. No later entry is applied before it.
 */
import { reasonOf } from '../../values/cause.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { decodeEntry, loggedMethods, type LoggedMethod } from './entry.ts';
import type { Log, LogEntry, LogBounds } from './log.ts';
import type { LogWriter } from './logWriter.ts';
import type { ReplicaMark, JournalReplica } from './replica.ts';

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
  /** Called after each entry. `own`: its bytes when this process wrote it, else 0. */
  readonly onApplied: (position: number, own: number) => void;
  /** Called with a sentence for the operator. */
  readonly notice: (says: string) => void;
}

const isKnown = (write: unknown): write is LoggedMethod =>
  write === 'claim' || loggedMethods.some((name) => name === write);

/** Keeps a replica up to date until it is stopped. */
export class Applier {
  readonly #options: ApplierOptions;
  readonly #ending = new AbortController();
  #stopped: Promise<void> | undefined;
  /** The first position after a gap in the log. */
  #gap: number | undefined;

  constructor(options: ApplierOptions) {
    this.#options = options;
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

  async #run(ready: () => void, failed: (error: unknown) => void): Promise<void> {
    const { clock, writer } = this.#options;
    const { signal } = this.#ending;
    for (let [pause, isReady] = [50, false]; !signal.aborted;) {
      try {
        const bounds = await this.#prepare();
        writer.resend();
        await this.#follow(isReady ? 0 : bounds.last, () => {
          isReady = true;
          ready();
        });
        pause = 50;
      } catch (thrown) {
        if (signal.aborted) return;
        const { message, retryable } = toFailure(thrown);
        if (!isReady) return failed(thrown);
        if (!retryable && thrown instanceof TroupeError) {
          this.#options.notice(message);
          return writer.close(thrown);
        }
        if (pause > 1_000) writer.stall(thrown);
        await sleep(clock, pause, signal).catch(() => {});
        pause = Math.min(pause * 2, 5_000);
      }
    }
  }

  /** Applies entries until there is a gap, or the connection was lost meanwhile. */
  async #follow(target: number, ready: () => void): Promise<void> {
    const { log, replica } = this.#options;
    if (replica.mark.position >= target) ready();
    for await (const entry of log.entries(replica.mark.position + 1, this.#ending.signal)) {
      if (entry.position <= replica.mark.position) continue;
      if (entry.position > replica.mark.position + 1) return this.#noteGap(entry.position);
      // Many entries may be there at once, and the connection must answer its server meanwhile.
      const turn = this.#options.clock.turn?.();
      if (turn) await turn;
      if (this.#ending.signal.aborted) return;
      this.#applyEntry(entry);
      this.#gap = undefined;
      if (entry.position === target) ready();
    }
  }

  /** The log was cut meanwhile, so a snapshot has the entries. When the same gap comes again, no snapshot has them: they were deleted. */
  #noteGap(continuesAt: number): void {
    const { position } = this.#options.replica.mark;
    if (this.#gap === continuesAt)
      throw new TroupeError(
        'corrupt',
        `The entries ${position + 1} to ${continuesAt - 1} of the shared journal are gone, and no snapshot has them. Put the server's store back.`,
      );
    this.#gap = continuesAt;
  }

  #applyEntry({ position, id, bytes }: LogEntry): void {
    const { replica, writer, apply, staleAfter, onApplied } = this.#options;
    const mark: ReplicaMark = { log: replica.mark.log, position, id };
    const entry = decodeEntry(bytes);
    const isApplied = !entry || entry.from < replica.nextWrite(entry.by);
    const isLate = !isApplied && position - entry.after > staleAfter;
    if (isApplied || isLate) replica.apply(mark, undefined, () => {});
    else {
      const unknown = entry.writes.find(([write]) => !isKnown(write));
      if (unknown)
        throw new TroupeError(
          'incompatible',
          `The shared journal has "${String(unknown[0])}" in its entry ${position}, which this troupe does not know: a newer one writes to it. Update this one.`,
        );
      let results: unknown[] = [];
      replica.apply(mark, { writer: entry.by, next: entry.from + entry.writes.length }, () => {
        results = entry.writes.map(([write, args]) => attempt(() => apply(write, args)));
      });
      if (entry.by === writer.name) writer.onApplied(entry, results);
    }
    const isOwn = entry?.by === writer.name;
    if (isLate && isOwn) writer.onExpired(entry);
    onApplied(position, isOwn ? bytes.length : 0);
  }

  /** Makes sure that the replica is one of this log, and not behind its oldest entry. */
  async #prepare(): Promise<LogBounds> {
    const { log, replica, catchUpThreshold, notice } = this.#options;
    const bounds = await log.bounds();
    const { position, log: name } = replica.mark;
    if (position > 0 && name !== bounds.log)
      throw new TroupeError(
        'environment',
        `The shared journal is another one than this process has applied (made ${bounds.log}; the other one ${name}): the server's store was emptied or replaced, and what was committed is not in it. Put the store back${replica.path === undefined ? '.' : `; or, if it is meant to begin anew, delete ${replica.path}.`}`,
        { data: { gone: true } },
      );
    const isOurs = await this.#hasLastEntry(bounds, replica.mark);
    if (!isOurs)
      notice(
        `The server has lost entries of the shared journal that it had acknowledged: this process had applied them up to ${position}, the server has up to ${bounds.last}. This process continues from what the server has.`,
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
    return position <= last && (await this.#options.log.idAt(position)) === id;
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

/** The result of a write, which may be a refusal. For a write of another process nothing here waits for it. */
function attempt(perform: () => unknown): Promise<unknown> {
  const result = new Promise((resolve) => resolve(perform()));
  result.catch(() => {});
  return result;
}
