/** Everything that may go wrong, and the plan of what does under one seed. Each seed draws a part of it, each with a rate of its own. */
import { randomOf, type Random } from './random.ts';

/** What each fault does, in words for the guide and the command line. */
export const faultKinds = {
  drop: 'a message between actors is lost, and its sender is told that it may be',
  duplicate: 'a message between actors comes twice',
  delay: 'a message between actors is up to a minute under way',
  crash: 'a process dies; what it had sent to the disk is there up to some point (a torn group commit)',
  zombie: 'a process stands still for up to a minute, and then goes on as if nothing had happened',
  partition: 'a process does not reach the journal for up to half a minute',
  full: 'the disk has no room for up to half a minute',
  slow: 'a flush to disk takes up to five seconds',
  unsure: 'a commit is stored, and its answer is lost',
  failing: 'an effect fails before it did anything, in a way that may pass',
  lost: 'an effect is done, and its answer is lost',
  late: 'an effect takes ten times as long, up to a minute',
  clock: 'the clock of a process jumps by up to five minutes, back or forth',
  upgrade: 'a process comes back with the next version of the definition',
} as const;
export type FaultKind = keyof typeof faultKinds;
export const everyFault = Object.keys(faultKinds) as FaultKind[];

/** One that happened. */
export interface Fault {
  /** Its number among those of the seed, from 1. */
  readonly number: number;
  readonly kind: FaultKind;
  /** Where, in words. */
  readonly where: string;
  /** Milliseconds from the start. */
  readonly at: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly allowed: readonly FaultKind[];
  /** Numbers of faults that are left out: how a failure is made smaller. */
  readonly without: ReadonlySet<number>;
  readonly now: () => number;
  readonly told: (fault: Fault) => void;
}

export class FaultPlan {
  readonly hit: Fault[] = [];
  readonly #options: PlanOptions;
  readonly #rates = new Map<FaultKind, number>();
  readonly #chances = new Map<FaultKind, Random>();
  #number = 0;
  #healed = false;

  constructor(options: PlanOptions) {
    this.#options = options;
    const random = randomOf(options.seed);
    // Every kind is drawn and has chances of its own, so that leaving one out does not move the others.
    for (const [index, kind] of everyFault.entries()) {
      const [chosen, rate] = [random.chance(0.5), random.next()];
      this.#chances.set(kind, randomOf(options.seed * everyFault.length + index));
      if (chosen && options.allowed.includes(kind)) this.#rates.set(kind, rate);
    }
  }

  /** Does it happen here? Never more often than in `most` of a hundred cases. */
  strikes(kind: FaultKind, where: string, most = 0.2): boolean {
    const rate = this.#rates.get(kind);
    if (rate === undefined || this.#healed || !this.#chances.get(kind)!.chance(rate * most)) return false;
    const { without, now, told } = this.#options;
    const fault = { number: ++this.#number, kind, where, at: now() };
    if (without.has(fault.number)) return false;
    this.hit.push(fault);
    told(fault);
    return true;
  }

  /** How long or how much of it: a whole number from `low` to `high`. */
  size(kind: FaultKind, low: number, high: number): number {
    return this.#chances.get(kind)!.between(low, high);
  }

  /** Nothing goes wrong from now on: whatever is alive must come to its end. */
  heal(): void {
    this.#healed = true;
  }
}
