/**
 * Plays a log into a view, from where the view stands, and goes on with what comes.
 *
 * P1 An entry is played after all that came before it, and once; a gap is never stepped over.
 * P2 Whoever fell behind what the log still has, or is of another past, starts again from a snapshot.
 * P3 What cannot be played now (a full disk here) is tried again; nothing later is played before it.
 */
import { reasonOf } from '../contracts/cause.ts';
import { sleep, type Clock } from '../contracts/clock.ts';
import { toFailure, TroupeError } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import { unpacked, writeNames, type WriteName } from './entry.ts';
import type { Log, LogEntry, Standing } from './log.ts';
import type { Scribe } from './scribe.ts';
import type { Mark, View } from './view.ts';

export interface PlayerOptions {
  readonly log: Log;
  readonly view: View;
  readonly scribe: Scribe;
  readonly clock: Clock;
  /** Performs a write in the view. */
  readonly perform: (write: WriteName, args: readonly Json[]) => unknown;
  /** An entry that stands so many positions after what its writer knew is played by nobody: so a writer that is silent can be forgotten. */
  readonly horizon: number;
  /** A snapshot that is so many entries ahead is loaded rather than played up to. */
  readonly leap: number;
  /** After an entry; `own`: its bytes, when it was written here. */
  readonly heard: (position: number, own: number) => void;
  /** Says what a person should know. */
  readonly notice: (says: string) => void;
}

const isKnown = (write: unknown): write is WriteName =>
  write === 'claim' || (writeNames as readonly unknown[]).includes(write);

export class Player {
  readonly #options: PlayerOptions;
  readonly #ending = new AbortController();
  #over: Promise<void> | undefined;
  /** Where the log goes on, after a gap. */
  #gap: number | undefined;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** Resolves when all that there was has been played; rejects when that cannot be. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#over = this.#keepOn(resolve, reject);
    });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#over;
  }

  async #keepOn(ready: () => void, failed: (error: unknown) => void): Promise<void> {
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

  /** Plays until there is a gap, or somebody should look how the log stands. */
  async #follow(target: number, ready: () => void): Promise<void> {
    const { log, view } = this.#options;
    if (view.mark.position >= target) ready();
    for await (const entry of log.entries(view.mark.position + 1, this.#ending.signal)) {
      if (entry.position <= view.mark.position) continue;
      if (entry.position > view.mark.position + 1) return this.#fell(entry.position);
      this.#play(entry);
      this.#gap = undefined;
      if (entry.position === target) ready();
    }
  }

  /** It was cut meanwhile; or somebody took entries out of it, which no snapshot makes good. */
  #fell(goesOn: number): void {
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
    const isDone = !entry || entry.from < view.next(entry.by);
    const isLate = !isDone && position - entry.after > horizon;
    if (isDone || isLate) view.play(mark, undefined, () => {});
    else {
      const unknown = entry.writes.find(([write]) => !isKnown(write));
      if (unknown)
        throw new TroupeError(
          'incompatible',
          `The shared journal has "${String(unknown[0])}" in its entry ${position}, which this troupe does not know: a newer one writes to it. Update this one.`,
        );
      let answers: unknown[] = [];
      view.play(mark, { writer: entry.by, next: entry.from + entry.writes.length }, () => {
        answers = entry.writes.map(([write, args]) => attempt(() => perform(write, args)));
      });
      if (entry.by === scribe.name) scribe.played(entry, answers);
    }
    const isOwn = entry?.by === scribe.name;
    if (isLate && isOwn) scribe.expired(entry);
    heard(position, isOwn ? bytes.length : 0);
  }

  /** Makes sure that the view is one of this log, and not behind what it still has. */
  async #join(): Promise<Standing> {
    const { log, view, leap, notice } = this.#options;
    const standing = await log.standing();
    const { position, log: name } = view.mark;
    if (position > 0 && name !== standing.log)
      throw new TroupeError(
        'environment',
        `The shared journal is another one than this process has played (made ${standing.log}; the other one ${name}): the server's store was emptied or replaced, and what was committed is not in it. Put the store back${view.path === undefined ? '.' : `; or, if it is meant to begin anew, delete ${view.path}.`}`,
        { data: { gone: true } },
      );
    const isOurs = await this.#isOf(standing, view.mark);
    if (!isOurs)
      notice(
        `The server has lost entries of the shared journal that it had acknowledged: this process had played ${position}, the server has up to ${standing.last}. It goes on from what the server has.`,
      );
    const isBehind = position + 1 < standing.first || this.#gap !== undefined;
    if (!isOurs || isBehind || standing.last - position >= leap) await this.#leap(standing, isOurs && !isBehind);
    if (view.mark.log === '') this.#begin(standing);
    return standing;
  }

  /** Where its anchor was cut away, its number tells. */
  async #isOf({ first, last }: Standing, { position, id }: Mark): Promise<boolean> {
    if (position === 0 || position < first) return true;
    return position <= last && (await this.#options.log.idAt(position)) === id;
  }

  #begin(standing: Standing): void {
    this.#options.view.play({ log: standing.log, position: 0, id: '' }, undefined, () => {});
  }

  /** To the newest snapshot that can be read and is of this log. `mayStay`: the view could go on as it is. */
  async #leap(standing: Standing, mayStay: boolean): Promise<void> {
    const { log, view, scribe, leap } = this.#options;
    let trouble: unknown;
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
        trouble = thrown;
      }
    }
    if (mayStay) return;
    const now = await log.standing();
    const [newest] = await log.snapshots.list();
    // It was cut while they were read.
    if (now.first > standing.first || newest !== positions[0]) return this.#leap(now, mayStay);
    if (now.first > 1)
      throw new TroupeError(
        'storage',
        `The shared journal begins with its entry ${now.first}, and no snapshot of what came before can be read${trouble === undefined ? '' : `: ${reasonOf(trouble)}`}.`,
        { cause: trouble },
      );
    await view.load(undefined);
    scribe.unsure();
  }
}

/** An answer that may be a refusal, which nobody here may have asked for. */
function attempt(perform: () => unknown): Promise<unknown> {
  const answer = new Promise((resolve) => resolve(perform()));
  answer.catch(() => {});
  return answer;
}
