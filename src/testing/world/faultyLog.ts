/** One process's access to the shared log: appends may be slow, refused, unanswered or stored twice, and entries may arrive late. */
import { sleep } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Log, LogEntry } from '../../journal/replicated/log.ts';
import type { FaultClock } from './faultClock.ts';
import type { FaultContext, ProcessContext } from './faultContext.ts';
import type { SharedLog } from './sharedLog.ts';

/** One for each life of a process. */
export class FaultyLog {
  readonly log: Log;
  readonly #shared: SharedLog;
  readonly #clock: FaultClock;
  readonly #name: string;
  readonly #context: FaultContext;
  readonly #crashed = new AbortController();
  /** Appends of the process that have not arrived yet, oldest first. */
  readonly #queue: (() => void)[] = [];
  #partitionedUntil = 0;

  constructor(shared: SharedLog, { name, clock, context }: ProcessContext) {
    this.#shared = shared;
    this.#clock = clock;
    this.#name = name;
    this.#context = context;
    const inner = shared.open();
    this.log = {
      ...inner,
      append: (id, bytes) => clock.answer(this.#append(id, bytes)),
      entries: (from) => this.#entries(inner.entries(from, this.#crashed.signal)),
      bounds: () => this.#reaching(() => inner.bounds()),
      idAt: (position) => this.#reaching(() => inner.idAt(position)),
      truncateBefore: (...args) => this.#reaching(() => inner.truncateBefore(...args)),
      snapshots: {
        ...inner.snapshots,
        list: () => this.#reaching(() => inner.snapshots.list()),
        write: (...args) => this.#reaching(() => inner.snapshots.write(...args)),
      },
    };
  }

  /** The process does not reach the log until then; milliseconds of the world's time. */
  partition(until: number): void {
    this.#partitionedUntil = until;
  }

  /** The process crashes: of its appends a prefix arrives, and it never learns of it. */
  crash(): void {
    this.#crashed.abort();
    const kept = this.#context.plan.size('crash', 0, this.#queue.length);
    for (const arrive of this.#queue.splice(0).slice(0, kept)) arrive();
  }

  async #append(id: string, bytes: Uint8Array): Promise<void> {
    const { time, random, plan, full } = this.#context;
    this.#requireReach();
    const takes = plan.strikes('slow', this.#name, 0.1) ? plan.size('slow', 100, 5_000) : random.between(1, 3);
    const stored = new Promise<void>((resolve) => {
      const arrive = () => {
        if (time.now() >= full.until) this.#shared.append(id, bytes);
        resolve();
      };
      this.#queue.push(arrive);
      time.wake(time.now() + takes, () => {
        const index = this.#queue.indexOf(arrive);
        if (index < 0) return;
        this.#queue.splice(index, 1);
        arrive();
      });
    });
    await stored;
    if (time.now() < full.until) throw new TroupeError('storage', 'The log has no room.');
    if (plan.strikes('duplicate', `an entry of ${this.#name}`))
      time.wake(time.now() + plan.size('duplicate', 0, 5_000), () => this.#shared.append(id, bytes));
    this.#requireReach();
    if (plan.strikes('unsure', this.#name)) throw new TroupeError('storage', 'The log gave no answer.');
  }

  async *#entries(entries: AsyncIterable<LogEntry>): AsyncGenerator<LogEntry> {
    const { time, plan } = this.#context;
    for await (const entry of entries) {
      if (plan.strikes('delay', `what ${this.#name} hears of the log`, 0.05))
        await sleep(time, plan.size('delay', 1, 20_000));
      while (time.now() < this.#partitionedUntil) await sleep(time, this.#partitionedUntil - time.now());
      await this.#clock.answer(Promise.resolve());
      yield entry;
    }
  }

  #reaching<T>(ask: () => Promise<T>): Promise<T> {
    return this.#clock.answer(
      (async () => {
        this.#requireReach();
        return ask();
      })(),
    );
  }

  #requireReach(): void {
    if (this.#context.time.now() < this.#partitionedUntil)
      throw new TroupeError('storage', `${this.#name} does not reach the log.`);
  }
}
