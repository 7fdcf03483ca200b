/** Records the effects that the processes of a simulation begin, beside what reaches the journal. */
import { isUnkeyedWrite, type EffectAttempt } from '../world/effectAttempt.ts';
import { Recorder } from '../world/recorder.ts';

/** Adds the promise that a write without a key is begun once (E7). */
export class SimulationRecorder extends Recorder {
  /** By key, how many processes began the effect. */
  readonly #times = new Map<string, number>();
  /** By process, the keys of what it began. */
  readonly #begun = new Map<object, Set<string>>();

  /**
   * A process begins an effect. It is judged when the engine decides, not when the world is reached: a process that was paused goes on
   * with what it had begun, under the same key, and nothing can prevent that.
   */
  attempted(attempt: EffectAttempt, process: object): void {
    const { name, key } = attempt;
    const begun = this.#begun.get(process) ?? new Set();
    this.#begun.set(process, begun);
    if (begun.has(key)) return; // A retry.
    begun.add(key);
    this.requireAsked(attempt);
    this.effectStarted(name, key);
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    if (isUnkeyedWrite(attempt) && times > 1)
      this.report('E7', `"${name}", a write without a key, was begun ${times} times under ${key}`);
  }
}
