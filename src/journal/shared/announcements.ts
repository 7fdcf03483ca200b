/**
 * The announcements of an incarnation of this process. It may believe that it has its runs while one of the last 1.5 s was acknowledged, and its log has taken
 * an entry since the others may have found it absent.
 */
import type { Clock } from '../../values/clock.ts';
import { toFailure } from '../../values/failure.ts';
import { every } from './every.ts';
import type { ProcessLog } from './processLog.ts';
import { presenceInterval, presenceTtl, type Presence } from './store.ts';

/** What announcements work with. */
export interface AnnouncementOptions {
  /** The incarnation. */
  readonly name: string;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly log: Pick<ProcessLog, 'ended' | 'probe'>;
}

/** Announces an incarnation until it is disposed. */
export class Announcements implements Disposable {
  readonly #options: AnnouncementOptions;
  readonly #repeating: Disposable;
  /** When the last announcement that was acknowledged was sent, by this clock. */
  #announcedAt = -Infinity;
  #wasAnnounced = false;
  /** How many times the others may have found it absent, and how many of them its log was asked about since. */
  #absences = 0;
  #settledAbsences = 0;

  constructor(options: AnnouncementOptions) {
    this.#options = options;
    // Without an answer the presence ends, and this process asks before it relies on its log.
    const announce = () => void this.#confirm().catch(() => {});
    announce();
    this.#repeating = every(options.clock, presenceInterval, announce);
  }

  /** Is it certain that no other process has ended its log? True while its presence was acknowledged lately. */
  get areCertain(): boolean {
    const isSettled = this.#settledAbsences === this.#absences;
    return this.#options.log.ended === undefined && isSettled && this.#wasAnnouncedWithin(presenceTtl);
  }

  /**
   * Resolves when it is certain by now whether another process has ended its log: it is present, or the log is ended. An answer that came late tells of an
   * earlier time, so it asks again. Rejects with `storage` while the store does not answer.
   */
  async settle(): Promise<void> {
    while (!this.areCertain && this.#options.log.ended === undefined) await this.#confirm().catch(unlessFenced);
  }

  [Symbol.dispose](): void {
    this.#repeating[Symbol.dispose]();
  }

  /**
   * Announces this process, and resolves when it is certain that no other process had ended its log by then. Rejects with `fenced` when one had, and with
   * `storage` while the store does not answer.
   */
  async #confirm(): Promise<void> {
    const { presence, clock, name, log } = this.#options;
    const sent = clock.now();
    const isFirst = !this.#wasAnnounced;
    this.#wasAnnounced = true;
    await presence.announce(name);
    // Until this one arrived it was perhaps not announced, so its log may have been ended.
    if (!isFirst && !this.#wasAnnouncedWithin(presenceTtl)) this.#absences++;
    const isLater = sent > this.#announcedAt || this.#announcedAt > clock.now();
    if (isLater) this.#announcedAt = sent;
    const absences = this.#absences;
    if (absences === this.#settledAbsences) return;
    await log.probe();
    this.#settledAbsences = Math.max(this.#settledAbsences, absences);
  }

  /** Was an announcement of the last so many milliseconds acknowledged? False also when the clock was set back since: then it is not known how long ago that is. */
  #wasAnnouncedWithin(time: number): boolean {
    const age = this.#options.clock.now() - this.#announcedAt;
    return age >= 0 && age < time;
  }
}

/** A log that was ended is an answer; that the server is away is none. */
function unlessFenced(thrown: unknown): void {
  if (toFailure(thrown).kind !== 'fenced') throw thrown;
}
