/** Tells an effect that does real work (a request, a file, a real timer) from one that waits for the clock, which only ends when simulated time moves on. */
import { sleep } from '../../values/clock.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { slow } from '../slow.ts';
import { systemClock } from '../../engine/clock.ts';

/** How long an effect may take before simulated time moves on, without a sign of real work and with one; milliseconds. */
const graceWithoutSign = 100;
const graceWithSign = 5_000 * slow;

const real = systemClock();

/** One for each process. */
export class RealWork {
  /** Effects under way, and calls of models among them. */
  #effects = 0;
  #models = 0;
  /** The resources this process keeps open when no effect is under way: more of them are a sign of real work. */
  #usual = Infinity;
  /** Since when nothing began or ended; undefined until the next look. */
  #since: number | undefined;

  /** An effect begins. Call the returned function when it is over. */
  effect(): () => void {
    this.#usual = Math.min(this.#usual, resources());
    this.#effects++;
    this.#since = undefined;
    return () => {
      this.#effects--;
      this.#since = undefined;
    };
  }

  /** The gateway, whose calls are counted. Its own pauses are waits for the clock: a call counts as work only where there is a sign of it. */
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

  /** Waits a millisecond when there may be real work; resolves with false when only the clock can move the run on. */
  async wait(): Promise<boolean> {
    if (this.#effects === 0) return false;
    const grace = resources() > this.#usual ? graceWithSign : this.#effects > this.#models ? graceWithoutSign : 0;
    this.#since ??= real.now();
    if (real.now() - this.#since >= grace) return false;
    await sleep(real, 1);
    return true;
  }
}

const resources = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length;
