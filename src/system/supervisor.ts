/** Looks after the children of one actor: how often they may be restarted, and whom a failing one takes along. */
import type { Address } from '../contracts/ids.ts';
import type { Supervision } from './actorType.ts';

export type Verdict =
  | { readonly escalate: true }
  | { readonly escalate: false; readonly restart: 'resume' | 'fresh'; readonly who: readonly Address[] };

export class Supervisor {
  readonly #policy: Supervision;
  #restarts: readonly number[] = [];

  constructor(policy: Supervision) {
    this.#policy = policy;
  }

  /**
   * Decides about a failed child. `siblings` are all living children in the order they were spawned, the failed one among them.
   * `resumable` is false when what broke it was something it waits for: without it, it could only stand still.
   */
  decide(failed: Address, siblings: readonly Address[], now: number, resumable: boolean): Verdict {
    const { strategy, maxRestarts, restart } = this.#policy;
    const place = siblings.indexOf(failed);
    // Its parent let go of it meanwhile: it is being stopped.
    if (place < 0) return { escalate: false, restart, who: [] };
    this.#restarts = [...this.#recent(now), now];
    if (this.#restarts.length > maxRestarts || (restart === 'resume' && !resumable)) return { escalate: true };
    if (restart === 'resume' || strategy === 'one-for-one') return { escalate: false, restart, who: [failed] };
    return { escalate: false, restart, who: strategy === 'one-for-all' ? siblings : siblings.slice(place) };
  }

  /** Nothing to remember: no restart that still counts. */
  calm(now: number): boolean {
    return this.#recent(now).length === 0;
  }

  #recent(now: number): readonly number[] {
    return this.#restarts.filter((at) => at > now - this.#policy.within);
  }
}
