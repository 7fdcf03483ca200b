/** One process's way to the shared journal: in the order it asks, slow, cut off, full, or broken off by its death. */
import { TroupeError } from '../../contracts/failure.ts';
import type { Journal } from '../../journal/journal.ts';
import type { VirtualClock } from '../clock.ts';
import type { FaultPlan } from './faults.ts';
import type { Gate } from './gate.ts';
import type { Random } from './random.ts';

/** What reaches the disk. Everything else only reads. */
const writes: ReadonlySet<PropertyKey> = new Set([
  'commit',
  'record',
  'post',
  'dropMail',
  'bury',
  'claim',
  'renew',
  'release',
]);

export interface Surroundings {
  readonly time: VirtualClock;
  readonly random: Random;
  readonly plan: FaultPlan;
  /** The disk, for everybody, has no room until then. */
  readonly full: { until: number };
}

export class Disk {
  readonly journal: Journal;
  readonly #inner: Journal;
  readonly #gate: Gate;
  readonly #name: string;
  readonly #around: Surroundings;
  /** Written by the process and not yet by the disk, oldest first. */
  readonly #queue: (() => void)[] = [];
  #cutOffUntil = 0;
  #flushing = false;

  constructor(inner: Journal, gate: Gate, name: string, around: Surroundings) {
    this.#inner = inner;
    this.#gate = gate;
    this.#name = name;
    this.#around = around;
    this.journal = new Proxy(inner, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => this.#call(property, method as (...args: unknown[]) => unknown, args);
      },
    });
  }

  cutOff(until: number): void {
    this.#cutOffUntil = until;
  }

  /** The process dies: what it had asked to be written is there up to some point, and nobody hears of it. */
  tear(): undefined {
    const kept = this.#around.plan.size('crash', 0, this.#queue.length);
    for (const write of this.#queue.splice(0).slice(0, kept)) write();
  }

  #call(property: PropertyKey, method: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    if (property === 'settle') return this.#gate.dead ? undefined : method.apply(this.#inner, args);
    if (this.#gate.dead) return new Promise(() => {});
    return this.#gate.answer(writes.has(property) ? this.#write(property, method, args) : this.#read(method, args));
  }

  async #read(method: (...args: unknown[]) => unknown, args: unknown[]): Promise<unknown> {
    this.#requireReach();
    return method.apply(this.#inner, args);
  }

  #write(property: PropertyKey, method: (...args: unknown[]) => unknown, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#queue.push(() => {
        const write = async () => {
          this.#requireReach();
          this.#requireRoom();
          const answer = await method.apply(this.#inner, args);
          if (property === 'commit' && this.#around.plan.strikes('unsure', this.#name, 0.05))
            throw new TroupeError('storage', 'The journal gave no answer.');
          return answer;
        };
        write().then(resolve, reject);
      });
      this.#flush();
    });
  }

  /** What was asked for by then goes to the disk together, in its order; what comes meanwhile waits for the next flush. */
  #flush(): void {
    if (this.#flushing || this.#queue.length === 0) return;
    this.#flushing = true;
    const { time, random, plan } = this.#around;
    const takes = plan.strikes('slow', this.#name, 0.1) ? plan.size('slow', 100, 5_000) : random.between(1, 3);
    time.wake(time.now() + takes, () => {
      this.#flushing = false;
      for (const write of this.#queue.splice(0)) write();
      this.#flush();
    });
  }

  #requireReach(): void {
    if (this.#around.time.now() < this.#cutOffUntil)
      throw new TroupeError('storage', `${this.#name} does not reach the journal.`);
  }

  #requireRoom(): void {
    if (this.#around.time.now() < this.#around.full.until) throw new TroupeError('storage', 'The disk has no room.');
  }
}
