/** The kinds of faults, and the plan of those that strike under one seed. Each seed draws a part of the kinds, each with a rate of its own. */
import { TroupeError } from '../../values/failure.ts';
import { seededRandom, type Random } from './random.ts';

/** Every kind of fault that `simulate` injects, and what it does in words. */
export const faultKinds = {
  drop: 'a message between actors is lost, and its sender is told that it may be',
  duplicate: 'a message between actors arrives twice',
  delay: 'a message between actors takes up to a minute',
  crash: 'a process dies; of what it had written, a prefix is stored (a torn group commit)',
  zombie: 'a process is paused for up to a minute, and then goes on as if nothing had happened',
  partition: 'a process does not reach the journal for up to half a minute',
  full: 'the disk has no room for up to half a minute',
  slow: 'a flush to disk takes up to five seconds',
  unsure: 'a commit is stored, and its answer is lost',
  failing: 'an effect fails before it did anything, in a way that a retry may mend',
  lost: 'an effect is performed, and its answer is lost',
  late: 'an effect takes ten times as long, up to a minute',
  clock: 'the clock of a process jumps by up to five minutes, back or forth',
  upgrade: 'a process comes back with the next version of the definition',
} as const;
/** The name of a kind of fault: `drop`, `crash`, `partition` and so on. */
export type FaultKind = keyof typeof faultKinds;
/** The names of all kinds of faults. */
export const everyFault = Object.keys(faultKinds) as FaultKind[];

/** A fault that struck. */
export interface Fault {
  /** Its number among the faults of its seed, from 1. */
  readonly number: number;
  /** What kind of fault it was, as in `faultKinds`. */
  readonly kind: FaultKind;
  /** Which process, message or effect it struck, in words. */
  readonly where: string;
  /** Simulated milliseconds since the start of the run. */
  readonly at: number;
}

/** Which faults a plan may draw. */
export interface PlanOptions {
  readonly seed: number;
  /** The kinds that may be drawn. */
  readonly allowed: readonly FaultKind[];
  /** Numbers of faults that are left out: how a failure is shrunk; none by default. */
  readonly without?: ReadonlySet<number> | undefined;
  /** Numbers of the faults that strike: how a failure is repeated; all by default. */
  readonly only?: ReadonlySet<number> | undefined;
  /** Milliseconds since the start of the run. */
  readonly now: () => number;
  /** Called with every fault that strikes. */
  readonly report: (fault: Fault) => void;
}

interface Dice {
  readonly random: Random;
  /** Undefined: this kind does not strike under this seed. */
  readonly rate: number | undefined;
}

/** The same seed and the same questions give the same faults. */
export class FaultPlan {
  /** The faults that struck so far, in order. */
  readonly struck: Fault[] = [];
  readonly #options: PlanOptions;
  readonly #dice = new Map<FaultKind, Dice>();
  #number = 0;
  #ended = false;

  constructor(options: PlanOptions) {
    const { seed, allowed } = options;
    this.#options = options;
    const random = seededRandom(seed);
    // Every kind is drawn and has chances of its own, so that leaving one out does not move the others.
    for (const [index, kind] of everyFault.entries()) {
      const [isDrawn, rate] = [random.chance(0.5), random.next()];
      this.#dice.set(kind, {
        random: seededRandom(seed * everyFault.length + index),
        rate: isDrawn && allowed.includes(kind) ? rate : undefined,
      });
    }
  }

  /** Does the fault strike here? `most`: the highest share of the cases in which it does, 0 to 1; a fifth by default. */
  strikes(kind: FaultKind, where: string, most = 0.2): boolean {
    const { random, rate } = this.#diceOf(kind);
    if (rate === undefined || this.#ended || !random.chance(rate * most)) return false;
    const { without, only, now, report } = this.#options;
    const fault = { number: ++this.#number, kind, where, at: now() };
    if (without?.has(fault.number) || only?.has(fault.number) === false) return false;
    this.struck.push(fault);
    report(fault);
    return true;
  }

  /** The duration or the amount of a fault: a whole number from `low` to `high`. */
  size(kind: FaultKind, low: number, high: number): number {
    return this.#diceOf(kind).random.between(low, high);
  }

  /** No fault strikes from now on: every actor must come to its end. */
  end(): void {
    this.#ended = true;
  }

  #diceOf(kind: FaultKind): Dice {
    const dice = this.#dice.get(kind);
    if (dice) return dice;
    throw new TroupeError('internal', `There is no fault "${kind}".`);
  }
}
