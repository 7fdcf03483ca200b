/** The attempts that are under way in this process. One that takes long is recorded as begun, so that every process sees it: most end sooner, and cost nothing. */
import type { Clock } from '../../src/values/clock.ts';
import type { FlowCall } from './flowCall.ts';

/** An attempt that has begun. */
export interface BegunAttempt {
  readonly call: FlowCall;
  /** The first is 1. */
  readonly attempt: number;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

/** An attempt that has lasted so long is recorded as begun; milliseconds. */
const long = 1_000;

/** The attempts of one body. */
export class UnderWay {
  readonly #clock: Clock;
  readonly #record: (records: readonly BegunAttempt[]) => void;
  /** Those that are not recorded as begun, by their call, in the order in which they began. */
  readonly #unrecorded = new Map<string, BegunAttempt>();
  /** Undefined until one is. */
  #recorded: Set<string> | undefined;
  #timer: Disposable | undefined;

  constructor(clock: Clock, record: (records: readonly BegunAttempt[]) => void) {
    this.#clock = clock;
    this.#record = record;
  }

  /** An attempt has begun. `isRecorded`: it is recorded as begun already. */
  begin(attempt: BegunAttempt, isRecorded: boolean): void {
    if (isRecorded) (this.#recorded ??= new Set()).add(attempt.call.id);
    else this.#unrecorded.set(attempt.call.id, attempt);
    // One timer for all of them: it is not stopped when they end.
    if (!isRecorded) this.#watch(attempt.at);
  }

  /** The attempt of this call has ended. Was it recorded as begun? */
  end(id: string): boolean {
    this.#unrecorded.delete(id);
    return this.#recorded?.delete(id) ?? false;
  }

  /** Nothing more is recorded. */
  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#unrecorded.clear();
  }

  #watch(since: number): void {
    this.#timer ??= this.#clock.wake(since + long, () => {
      this.#timer = undefined;
      const before = this.#clock.now() - long;
      const due = [...this.#unrecorded.values()].filter(({ at }) => at <= before);
      for (const { id } of due.map(({ call }) => call)) {
        this.#unrecorded.delete(id);
        (this.#recorded ??= new Set()).add(id);
      }
      if (due.length > 0) this.#record(due);
      const [next] = this.#unrecorded.values();
      if (next) this.#watch(next.at);
    });
  }
}
