/** Polls the journal for messages that other processes left for the runs of this one, and hands them in like any other. */
import { Envelope } from '../contracts/envelope.ts';
import { toFailure, type Failure } from '../values/failure.ts';
import type { Activity } from './activity.ts';
import type { Clock } from '../values/clock.ts';
import type { Journal } from '../journal/journal.ts';

/** What the inbox poller works with. */
export interface InboxPollerOptions {
  /** Whose inbox is polled. */
  readonly journal: Journal;
  /** Where a poll that finds mail is under way until the mail is handed in. */
  readonly activity: Pick<Activity, 'begin'>;
  /** For the time between two polls. */
  readonly clock: Clock;
  /** Milliseconds between two polls. */
  readonly pollInterval: number;
  /** Does this process hold the lease of the run? */
  owns(run: string): boolean;
  /** Does it hold a lease at all? */
  hasRuns(): boolean;
  /** Resolves when the actors of a run are there, where it was not loaded. */
  wake(run: string): Promise<unknown>;
  /** Resolves when all that was due in the run before a time is taken; milliseconds since the epoch. */
  dueFirst(run: string, time: number): Promise<void>;
  /** Hands a message in; resolves with true when it had been handled before. */
  receive(envelope: Envelope): Promise<boolean>;
  /** Stores a message that no actor takes as a dead letter, and removes it from the inbox. */
  onUndeliverable(envelope: Envelope, failure: Failure): Promise<void>;
}

/** Asks the journal once for all runs of this process which of them have messages, and polls the inboxes of those. */
export class InboxPoller {
  readonly #options: InboxPollerOptions;
  /** Polls that are going on, by run. */
  readonly #polls = new Map<string, { again: boolean; readonly finished: Promise<void> }>();
  #wakeUp: Disposable | undefined;
  #stopped = false;

  constructor(options: InboxPollerOptions) {
    this.#options = options;
  }

  /** Resolves when every message that is there by now was handed in. One poll of a run at a time: a message is not handed in twice at once. */
  poll(run: string): Promise<void> {
    const running = this.#polls.get(run);
    if (running) {
      running.again = true;
      return running.finished;
    }
    const round = { again: true };
    const finished = this.#pollRun(run, round);
    this.#polls.set(run, Object.assign(round, { finished }));
    return finished;
  }

  /** Polls again and again while there are runs. */
  start(): void {
    const { clock, pollInterval, hasRuns } = this.#options;
    if (this.#wakeUp || this.#stopped) return;
    const pollAll = async () => {
      await this.#pollMailed().catch(() => {}); // Polled again the next time.
      this.#wakeUp = undefined;
      if (hasRuns()) this.start();
    };
    this.#wakeUp = clock.wake(clock.now() + pollInterval, () => void pollAll());
  }

  stop(): void {
    this.#stopped = true;
    this.#wakeUp?.[Symbol.dispose]();
  }

  async #pollMailed(): Promise<void> {
    const { journal, owns } = this.#options;
    const mailed = await journal.mailed();
    await Promise.allSettled(mailed.filter((run) => owns(run)).map((run) => this.poll(run)));
  }

  async #pollRun(run: string, round: { again: boolean }): Promise<void> {
    await Promise.resolve(); // The poll is in the map before it begins.
    try {
      while (round.again && !this.#stopped) {
        round.again = false;
        await this.#handInAll(run);
      }
    } finally {
      this.#polls.delete(run);
    }
  }

  async #handInAll(run: string): Promise<void> {
    const { journal, activity, receive, onUndeliverable, dueFirst, wake, owns } = this.#options;
    /** Recipients that take no more for now: later messages for them wait as well, in order. */
    const waiting = new Set<string>();
    const mail = await this.#mailOf(run);
    if (mail.length === 0) return;
    using _ = activity.begin(run);
    await wake(run);
    if (!owns(run)) return;
    for (const envelope of mail) {
      if (waiting.has(envelope.to)) continue;
      // Earlier versions did not say when a message was left: it counts as left in time.
      await dueFirst(run, envelope.posted ?? 0);
      try {
        // A commit removes the message; one that had been handled before is still there.
        if (!(await receive(Envelope.parse(envelope)))) continue;
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (failure.kind === 'fenced') return;
        if (failure.retryable) {
          waiting.add(envelope.to);
          continue;
        }
        await onUndeliverable(envelope, failure);
        continue;
      }
      await journal.dropMail(run, envelope.id);
    }
  }

  /** A run that cannot be read is woken all the same: it fails then, and is given back with the reason. */
  async #mailOf(run: string): Promise<Envelope[]> {
    try {
      return await this.#options.journal.mail(run);
    } catch (thrown) {
      if (isUnreadable(thrown)) await this.#options.wake(run);
      throw thrown;
    }
  }
}

/** Is it damaged, or of a newer version? Then it stays so. */
const isUnreadable = (thrown: unknown): boolean => ['corrupt', 'incompatible'].includes(toFailure(thrown).kind);
