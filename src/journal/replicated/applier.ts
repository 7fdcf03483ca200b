/**
 * Applies the entries of a log to a replica, from the replica's mark on, and continues with new entries as they are appended.
 *
 * P1 An entry is applied after all entries before it, and once; a gap is never skipped.
 * P2 A replica that is behind the oldest entry of the log, or has another history, starts again from a snapshot.
 * P3 An entry that cannot be applied now (a full disk here) is tried again; no later entry is applied before it.
 */
import { reasonOf } from '../../values/cause.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { unpacked, writeNames, type WriteName } from './entry.ts';
import type { Log, LogEntry, Standing } from './log.ts';
import type { Scribe } from './logWriter.ts';
import type { Mark, View } from './replica.ts';

/** What a player works with. */
export interface PlayerOptions {
  readonly log: Log;
  readonly view: View;
  /** The writer of this process, which is told what became of its entries. */
  readonly scribe: Scribe;
  readonly clock: Clock;
  /** Performs a write on the replica. */
  readonly perform: (write: WriteName, args: readonly Json[]) => unknown;
  /** In entries: an entry further than this behind what its writer had applied is ignored by every process. So a writer can be forgotten after that many entries. */
  readonly horizon: number;
  /** In entries: when a snapshot is at least this far ahead, it is loaded instead of the entries up to it. */
  readonly leap: number;
  /** Called after each entry. `own`: its bytes when this process wrote it, else 0. */
  readonly heard: (position: number, own: number) => void;
  /** Called with a sentence for the operator. */
  readonly notice: (says: string) => void;
}

const isKnown = (write: unknown): write is WriteName => write === 'claim' || writeNames.some((name) => name === write);

/** Keeps a replica up to date until it is stopped. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #ending = new AbortController();
  #stopped: Promise<void> | undefined;
  /** The first position after a gap in the log. */
  #gap: number | undefined;

  constructor(options: PlayerOptions) {
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
    const { clock, scribe } = this.#options;
    const { signal } = this.#ending;
    for (let [pause, isReady] = [50, false]; !signal.aborted;) {
      try {
        const standing = await this.#join();
        scribe.again();
        await this.#follow(isReady ? 0 : standing.last, () => {
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
          return scribe.close(thrown);
        }
        if (pause > 1_000) scribe.stall(thrown);
        await sleep(clock, pause, signal).catch(() => {});
        pause = Math.min(pause * 2, 5_000);
      }
    }
  }

  /** Applies entries until there is a gap, or the connection was lost meanwhile. */
  async #follow(target: number, ready: () => void): Promise<void> {
    const { log, view } = this.#options;
    if (view.mark.position >= target) ready();
    for await (const entry of log.entries(view.mark.position + 1, this.#ending.signal)) {
      if (entry.position <= view.mark.position) continue;
      if (entry.position > view.mark.position + 1) return this.#noteGap(entry.position);
      this.#play(entry);
      this.#gap = undefined;
      if (entry.position === target) ready();
    }
  }

  /** The log was cut meanwhile, so a snapshot has the entries. When the same gap comes again, no snapshot has them: they were deleted. */
  #noteGap(goesOn: number): void {
    const { position } = this.#options.view.mark;
    if (this.#gap === goesOn)
      throw new TroupeError(
        'corrupt',
        `The entries ${position + 1} to ${goesOn - 1} of the shared journal are gone, and no snapshot has them. Put the server's store back.`,
      );
    this.#gap = goesOn;
  }

  #play({ position, id, bytes }: LogEntry): void {
    const { view, scribe, perform, horizon, heard } = this.#options;
    const mark: Mark = { log: view.mark.log, position, id };
    const entry = unpacked(bytes);
    const isApplied = !entry || entry.from < view.next(entry.by);
    const isLate = !isApplied && position - entry.after > horizon;
    if (isApplied || isLate) view.play(mark, undefined, () => {});
    else {
      const unknown = entry.writes.find(([write]) => !isKnown(write));
      if (unknown)
        throw new TroupeError(
          'incompatible',
          `The shared journal has "${String(unknown[0])}" in its entry ${position}, which this troupe does not know: a newer one writes to it. Update this one.`,
        );
      let results: unknown[] = [];
      view.play(mark, { writer: entry.by, next: entry.from + entry.writes.length }, () => {
        results = entry.writes.map(([write, args]) => attempt(() => perform(write, args)));
      });
      if (entry.by === scribe.name) scribe.played(entry, results);
    }
    const isOwn = entry?.by === scribe.name;
    if (isLate && isOwn) scribe.expired(entry);
    heard(position, isOwn ? bytes.length : 0);
  }

  /** Makes sure that the replica is one of this log, and not behind its oldest entry. */
  async #join(): Promise<Standing> {
    const { log, view, leap, notice } = this.#options;
    const standing = await log.standing();
    const { position, log: name } = view.mark;
    if (position > 0 && name !== standing.log)
      throw new TroupeError(
        'environment',
        `The shared journal is another one than this process has applied (made ${standing.log}; the other one ${name}): the server's store was emptied or replaced, and what was committed is not in it. Put the store back${view.path === undefined ? '.' : `; or, if it is meant to begin anew, delete ${view.path}.`}`,
        { data: { gone: true } },
      );
    const isOurs = await this.#isOf(standing, view.mark);
    if (!isOurs)
      notice(
        `The server has lost entries of the shared journal that it had acknowledged: this process had applied them up to ${position}, the server has up to ${standing.last}. This process continues from what the server has.`,
      );
    const isBehind = position + 1 < standing.first || this.#gap !== undefined;
    if (!isOurs || isBehind || standing.last - position >= leap) await this.#leap(standing, isOurs && !isBehind);
    if (view.mark.log === '') this.#begin(standing);
    return standing;
  }

  /** Does the log have the replica's last entry? When that entry was cut away, its position decides. */
  async #isOf({ first, last }: Standing, { position, id }: Mark): Promise<boolean> {
    if (position === 0 || position < first) return true;
    return position <= last && (await this.#options.log.idAt(position)) === id;
  }

  #begin(standing: Standing): void {
    this.#options.view.play({ log: standing.log, position: 0, id: '' }, undefined, () => {});
  }

  /** Loads the newest snapshot that can be read and is of this log. `mayStay`: the replica could also continue as it is. */
  async #leap(standing: Standing, mayStay: boolean): Promise<void> {
    const { log, view, scribe, leap } = this.#options;
    let failure: unknown;
    const positions = await log.snapshots.list();
    for (const position of positions) {
      const isNearer = position - view.mark.position >= leap;
      if (position > standing.last || position + 1 < standing.first || (mayStay && !isNearer)) continue;
      try {
        await view.load(log.snapshots.read(position));
        scribe.unsure();
        if (view.mark.log === standing.log && (await this.#isOf(standing, view.mark))) return;
        mayStay = false;
      } catch (thrown) {
        if (toFailure(thrown).kind === 'incompatible') throw thrown;
        failure = thrown;
      }
    }
    if (mayStay) return;
    const now = await log.standing();
    const [newest] = await log.snapshots.list();
    // The log was cut while the snapshots were read.
    if (now.first > standing.first || newest !== positions[0]) return this.#leap(now, mayStay);
    if (now.first > 1)
      throw new TroupeError(
        'storage',
        `The shared journal begins with its entry ${now.first}, and no snapshot of what came before can be read${failure === undefined ? '' : `: ${reasonOf(failure)}`}.`,
        { cause: failure },
      );
    await view.load(undefined);
    scribe.unsure();
  }
}

/** The result of a write, which may be a refusal. For a write of another process nothing here waits for it. */
function attempt(perform: () => unknown): Promise<unknown> {
  const result = new Promise((resolve) => resolve(perform()));
  result.catch(() => {});
  return result;
}
