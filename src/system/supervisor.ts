/** Looks after the children of one actor: how often they may be restarted, and whom a failing one takes along. */
import type { Failure } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { Restart } from '../contracts/restart.ts';
import type { Supervision } from './actorType.ts';

export type Verdict =
  /** `tooOften`: as often as that within the time that counts. */
  | { readonly escalate: true; readonly tooOften?: number; readonly policy?: Supervision }
  | {
      readonly escalate: false;
      readonly restart: 'resume' | 'fresh';
      readonly who: readonly Address[];
      readonly policy?: Supervision;
    };

export class Supervisor {
  readonly #policy: Supervision;
  #restarts: readonly number[] = [];
  #knows = false;
  #recalling: Promise<void> | undefined;

  constructor(policy: Supervision) {
    this.#policy = policy;
  }

  /** A life begins here: there is nothing to recall, and what was before does not count. */
  beginsAnew(): void {
    this.#restarts = [];
    this.#knows = true;
  }

  /** Is everything counted, also what happened before this process came to it? */
  get knows(): boolean {
    return this.#knows;
  }

  /** Counts what happened before: `read` gives the restarts since a moment. When it cannot tell, it is asked again the next time. */
  recall(read: (since: number) => Promise<readonly Restart[]>, now: number): Promise<void> {
    this.#recalling ??= read(now - this.#policy.within)
      .then((before) => {
        if (!this.#knows) this.#restarts = [...before.map(({ at }) => at), ...this.#restarts];
        this.#knows = true;
      })
      .finally(() => (this.#recalling = undefined));
    return this.#recalling;
  }

  /**
   * Decides about a failed child. `siblings` are all living children in the order they were spawned, the failed one among them.
   * `resumable` is false when what broke it was something it waits for: without it, it could only stand still.
   */
  decide(failed: Address, siblings: readonly Address[], now: number, resumable: boolean): Verdict {
    const policy = this.#policy;
    const { strategy, maxRestarts, restart } = policy;
    const place = siblings.indexOf(failed);
    // Its parent let go of it meanwhile: it is being stopped.
    if (place < 0) return { escalate: false, restart, who: [] };
    this.#restarts = [...this.#recent(now), now];
    if (this.#restarts.length > maxRestarts) return { escalate: true, tooOften: this.#restarts.length, policy };
    if (restart === 'resume' && !resumable) return { escalate: true };
    if (restart === 'resume' || strategy === 'one-for-one') return { escalate: false, restart, who: [failed], policy };
    return { escalate: false, restart, who: strategy === 'one-for-all' ? siblings : siblings.slice(place), policy };
  }

  /** Nothing to remember: no restart that still counts. */
  calm(now: number): boolean {
    return this.#recent(now).length === 0;
  }

  #recent(now: number): readonly number[] {
    return this.#restarts.filter((at) => at > now - this.#policy.within);
  }
}

/** A restart as it is kept with the child that failed. */
export const noted = (
  { strategy, maxRestarts, within }: Supervision,
  { at, by, how, failure: { kind } }: Pick<Restart, 'at' | 'by' | 'how'> & { failure: Failure },
): Restart => ({ at, by, how, kind, strategy, maxRestarts, within });

/** What becomes of the failure of a child that may not be restarted again. Where no restart is allowed there was none, and the failure is what it is. */
export function beyond(failure: Failure, { tooOften, policy }: Extract<Verdict, { escalate: true }>): Failure {
  if (tooOften === undefined || !policy || policy.maxRestarts === 0) return failure;
  const { maxRestarts, within } = policy;
  return {
    kind: 'restarts',
    message: `It failed ${tooOften} times within ${within} ms, and ${maxRestarts} restarts are allowed. The last time: ${failure.message}`,
    retryable: false,
    data: { times: tooOften, maxRestarts, within, last: failure.kind },
  };
}
