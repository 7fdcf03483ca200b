/** How long a body may take to end after its flow was told to stop. The time is that of this process: one that goes on with the clean-up of another has as long again. */
import { defaultFlowSettings } from '../../machines/flow/settings.ts';
import type { Clock } from '../../src/values/clock.ts';
import { milliseconds, type Duration } from '../../src/values/duration.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { BodyLife } from './bodyLife.ts';
import type { CallSequence } from './callSequence.ts';

/** For what a cancel does not reach, where the flow does not say. */
const defaultCleanupGrace: Duration = '10m';

/** What it works with. */
export interface StopLimitParts {
  readonly clock: Clock;
  /** Ten minutes when undefined. */
  readonly cleanupGrace: Duration | undefined;
  readonly life: Pick<BodyLife, 'isCleaningUp'>;
  /** While the journal takes its time, the body cannot go on; while it is told what is recorded, it is not where it was told to stop. */
  readonly sequence: Pick<CallSequence, 'isStored' | 'replayed'>;
  /** The time is over, and the body has not ended. */
  onOver(reason: TroupeError): void;
}

/** The limit of one body. */
export class StopLimit {
  readonly #parts: StopLimitParts;
  #timer: Disposable | undefined;

  constructor(parts: StopLimitParts) {
    this.#parts = parts;
  }

  /** The flow was told to stop. */
  begin(): void {
    const { clock, cleanupGrace, life, sequence } = this.#parts;
    this.end();
    const { grace } = defaultFlowSettings;
    const began = clock.now();
    const { replayed } = sequence;
    const whole = Math.max(grace, milliseconds(cleanupGrace ?? defaultCleanupGrace));
    this.#timer = clock.wake(began + grace, () => {
      if (life.isCleaningUp) this.#timer = clock.wake(began + whole, () => this.#over(whole));
      else if (sequence.isStored && sequence.replayed === replayed) this.#over(grace);
      else this.begin();
    });
  }

  /** The body has ended. */
  end(): void {
    this.#timer?.[Symbol.dispose]();
  }

  #over(ms: number): void {
    this.#parts.onOver(
      new TroupeError('timeout', `The body of the flow did not end within ${ms} ms after it was told to stop.`, {
        retryable: false,
      }),
    );
  }
}
