/** Removes actors with nothing to do from memory: they are in the journal, and are loaded again when a message or a timer comes for them. */
import type { Clock } from '../values/clock.ts';
import type { Registry } from './registry.ts';

/** What passivation works with. */
export interface PassivationOptions {
  /** The actors of the host. */
  readonly registry: Registry;
  /** For the time between two checks. */
  readonly clock: Clock;
  /** How long an actor has had nothing to do, in milliseconds. */
  readonly idle: number;
}

/** Removes idle actors from memory. */
export class Passivation {
  readonly #options: PassivationOptions;
  #wakeUp: Disposable | undefined;
  #stopped = false;

  constructor(options: PassivationOptions) {
    this.#options = options;
  }

  /** Checks once in a while, as long as an actor is in memory. */
  start(): void {
    const { clock, idle, registry } = this.#options;
    if (this.#wakeUp || this.#stopped || registry.isEmpty) return;
    this.#wakeUp = clock.wake(clock.now() + idle, () => {
      this.#wakeUp = undefined;
      this.#sweep();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#wakeUp?.[Symbol.dispose]();
  }

  #sweep(): void {
    const { clock, idle, registry } = this.#options;
    const now = clock.now();
    try {
      for (const actor of registry.inMemory()) if (actor.mayPassivate(now, idle)) registry.passivate(actor);
    } finally {
      this.start();
    }
  }
}
