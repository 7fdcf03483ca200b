/** Removes actors with nothing to do from memory: they are in the journal, and are loaded again when a message or a timer comes for them. */
import type { Clock } from '../values/clock.ts';
import type { Places } from './registry.ts';

/** What passivation works with. */
export interface RestOptions {
  /** The actors of the host. */
  readonly places: Places;
  /** For the time between two checks. */
  readonly clock: Clock;
  /** How long an actor has had nothing to do, in milliseconds. */
  readonly idle: number;
}

/** Removes idle actors from memory. */
export class Rest {
  readonly #options: RestOptions;
  #wakeUp: Disposable | undefined;
  #stopped = false;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** Checks once in a while, as long as an actor is in memory. */
  watch(): void {
    const { clock, idle, places } = this.#options;
    if (this.#wakeUp || this.#stopped || places.awake.size === 0) return;
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
    const { clock, idle, places } = this.#options;
    const now = clock.now();
    for (const actor of places.awake) {
      const registration = places.get(actor.address);
      if (registration && actor.mayRest(now, idle)) places.rest(registration);
    }
    this.watch();
  }
}
