/** Tells real work (a request, a file, a real timer) from a wait for the clock: the first takes its time, the second only ends when time is moved. */
import { sleep } from '../../contracts/clock.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { systemClock } from '../../system/clock.ts';
import { slow } from '../slow.ts';

/** Milliseconds that an effect may take without a sign of real work, and with one, before the clock goes on. */
const graceWithout = 100;
const graceWith = 5_000 * slow;

const real = systemClock();

export class Outside {
  #effects = 0;
  #models = 0;
  /** What keeps this very process busy when no effect is under way. */
  #usual = Infinity;
  #since: number | undefined;

  /** An effect begins; what is given back is called when it is over. */
  effect(): () => void {
    this.#usual = Math.min(this.#usual, resources());
    this.#effects++;
    this.#since = undefined;
    return () => {
      this.#effects--;
      this.#since = undefined;
    };
  }

  /** A gateway's own pauses are waits for the clock: its calls count as work only where there is a sign of it. */
  models(gateway: Gateway): Pick<Gateway, 'answer'> {
    return {
      answer: async (...call) => {
        this.#models++;
        try {
          return await gateway.answer(...call);
        } finally {
          this.#models--;
        }
      },
    };
  }

  /** Waits a moment while there may be real work; false when only the clock can move things. */
  async wait(): Promise<boolean> {
    if (this.#effects === 0) return false;
    const grace = resources() > this.#usual ? graceWith : this.#effects > this.#models ? graceWithout : 0;
    this.#since ??= real.now();
    if (real.now() - this.#since >= grace) return false;
    await sleep(real, 1);
    return true;
  }
}

const resources = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length;
