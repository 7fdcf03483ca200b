/** Looks after the children of one actor: how often they may be restarted, and whom a failing one takes along. */
import type { Address } from '../contracts/ids.ts';
import type { Supervision } from './actorType.ts';

export type Verdict =
  | { readonly escalate: true }
  | { readonly escalate: false; readonly restart: 'resume' | 'fresh'; readonly who: readonly Address[] };

export class Supervisor {
  readonly #policy: Supervision;
  #restarts: number[] = [];

  constructor(policy: Supervision) {
    this.#policy = policy;
  }

  /**
   * Decides about a failed child. `siblings` are all living children in the order they were spawned, the failed one among them.
   * `resumable` is false when what broke it was something it waits for: without it, it could only stand still.
   */
  decide(failed: Address, siblings: readonly Address[], now: number, resumable: boolean): Verdict {
    const { strategy, maxRestarts, within, restart } = this.#policy;
    this.#restarts = [...this.#restarts.filter((at) => at > now - within), now];
    if (this.#restarts.length > maxRestarts || (restart === 'resume' && !resumable)) return { escalate: true };
    const place = siblings.indexOf(failed);
    const who = strategy === 'one-for-one' ? [failed] : strategy === 'one-for-all' ? siblings : siblings.slice(place);
    return { escalate: false, restart, who: restart === 'resume' ? [failed] : who };
  }

  /** How many restarts are left before the next failure goes up. */
  left(now: number): number {
    return Math.max(0, this.#policy.maxRestarts - this.#restarts.filter((at) => at > now - this.#policy.within).length);
  }
}
