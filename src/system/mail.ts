/** Messages that other processes left in the journal for runs that this one owns: looked for now and then, and handed in like any other. */
import { Envelope } from '../contracts/envelope.ts';
import { toFailure, type Failure } from '../contracts/failure.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Journal } from '../journal/journal.ts';

export interface MailOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Milliseconds between two rounds. */
  readonly poll: number;
  /** The runs of this process. */
  runs(): readonly string[];
  /** Hands a message in: true when it had been handled before. */
  receive(envelope: Envelope): Promise<boolean>;
  /** Keeps what nobody takes, and takes it out of the mail. */
  undelivered(envelope: Envelope, failure: Failure): Promise<void>;
}

export class Mail {
  readonly #options: MailOptions;
  /** Rounds going on, by run. */
  readonly #rounds = new Map<string, { again: boolean; readonly over: Promise<void> }>();
  #waking: Disposable | undefined;
  #stopped = false;

  constructor(options: MailOptions) {
    this.#options = options;
  }

  /** Resolves when everything that lies there by now was handed in. One round at a time: a message is not handed in twice at once. */
  collect(run: string): Promise<void> {
    const going = this.#rounds.get(run);
    if (going) {
      going.again = true;
      return going.over;
    }
    const round = { again: true };
    const over = this.#goRound(run, round);
    this.#rounds.set(run, Object.assign(round, { over }));
    return over;
  }

  busy(run: string): boolean {
    return this.#rounds.has(run);
  }

  /** Looks again and again while there are runs. */
  watch(): void {
    const { clock, poll, runs } = this.#options;
    if (this.#waking || this.#stopped) return;
    const look = async () => {
      await Promise.all(runs().map((run) => this.collect(run).catch(() => {}))); // Looked for again at the next round.
      this.#waking = undefined;
      if (runs().length > 0) this.watch();
    };
    this.#waking = clock.wake(clock.now() + poll, () => void look());
  }

  stop(): void {
    this.#stopped = true;
    this.#waking?.[Symbol.dispose]();
  }

  async #goRound(run: string, round: { again: boolean }): Promise<void> {
    await Promise.resolve(); // The round is known before it begins.
    try {
      while (round.again && !this.#stopped) {
        round.again = false;
        await this.#handIn(run);
      }
    } finally {
      this.#rounds.delete(run);
    }
  }

  async #handIn(run: string): Promise<void> {
    const { journal, receive, undelivered } = this.#options;
    /** Recipients that take no more for now: what comes later for them waits as well, in order. */
    const waiting = new Set<string>();
    for (const envelope of await journal.mail(run)) {
      if (waiting.has(envelope.to)) continue;
      try {
        // A commit takes the message away with it; what had been handled before still lies there.
        if (!(await receive(Envelope.parse(envelope)))) continue;
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (failure.kind === 'fenced') return;
        if (failure.retryable) {
          waiting.add(envelope.to);
          continue;
        }
        await undelivered(envelope, failure);
        continue;
      }
      await journal.dropMail(run, envelope.id);
    }
  }
}
