/** One process's way to the shared log: slow, cut off, without room; its answers lost, its entries doubled, and what it hears late. */
import { sleep } from '../../contracts/clock.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Log, LogEntry } from '../../journal/log.ts';
import type { Surroundings } from './disk.ts';
import type { Gate } from './gate.ts';
import type { SharedLog } from './sharedLog.ts';

export class Line {
  readonly log: Log;
  readonly #shared: SharedLog;
  readonly #gate: Gate;
  readonly #name: string;
  readonly #around: Surroundings;
  readonly #ending = new AbortController();
  /** Sent by the process and not yet with the log, oldest first. */
  readonly #queue: (() => void)[] = [];
  #cutOffUntil = 0;

  constructor(shared: SharedLog, gate: Gate, name: string, around: Surroundings) {
    this.#shared = shared;
    this.#gate = gate;
    this.#name = name;
    this.#around = around;
    const way = shared.open();
    this.log = {
      ...way,
      append: (id, bytes) => gate.answer(this.#append(id, bytes)),
      entries: (from) => this.#entries(way.entries(from, this.#ending.signal)),
      standing: () => this.#reaching(() => way.standing()),
      idAt: (position) => this.#reaching(() => way.idAt(position)),
      cut: (...args) => this.#reaching(() => way.cut(...args)),
      snapshots: {
        ...way.snapshots,
        list: () => this.#reaching(() => way.snapshots.list()),
        write: (...args) => this.#reaching(() => way.snapshots.write(...args)),
      },
    };
  }

  cutOff(until: number): void {
    this.#cutOffUntil = until;
  }

  /** The process dies: what it had sent arrives up to some point, and nobody hears of it. */
  tear(): void {
    this.#ending.abort();
    const kept = this.#around.plan.size('crash', 0, this.#queue.length);
    for (const arrive of this.#queue.splice(0).slice(0, kept)) arrive();
  }

  async #append(id: string, bytes: Uint8Array): Promise<void> {
    const { time, random, plan, full } = this.#around;
    this.#requireReach();
    const takes = plan.strikes('slow', this.#name, 0.1) ? plan.size('slow', 100, 5_000) : random.between(1, 3);
    const stored = new Promise<void>((resolve) => {
      const arrive = () => {
        if (time.now() >= full.until) this.#shared.append(id, bytes);
        resolve();
      };
      this.#queue.push(arrive);
      time.wake(time.now() + takes, () => {
        const at = this.#queue.indexOf(arrive);
        if (at >= 0) this.#queue.splice(at, 1)[0]!();
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
    const { time, plan } = this.#around;
    for await (const entry of entries) {
      if (plan.strikes('delay', `what ${this.#name} hears of the log`, 0.05))
        await sleep(time, plan.size('delay', 1, 20_000));
      while (time.now() < this.#cutOffUntil) await sleep(time, this.#cutOffUntil - time.now());
      await this.#gate.answer(Promise.resolve());
      yield entry;
    }
  }

  #reaching<T>(ask: () => Promise<T>): Promise<T> {
    return this.#gate.answer(
      (async () => {
        this.#requireReach();
        return ask();
      })(),
    );
  }

  #requireReach(): void {
    if (this.#around.time.now() < this.#cutOffUntil)
      throw new TroupeError('storage', `${this.#name} does not reach the log.`);
  }
}
