/** Supervises the children of one actor: how often they may be restarted, and which others are restarted with one that fails. */
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Restart } from '../contracts/restart.ts';
import type { Supervision } from './actorType.ts';

/** What a supervisor decides about a failed child. */
export type SupervisorDecision =
  /** The failure goes up to the parent. `failures`: how many count at this time, when there were too many. */
  | { readonly escalate: true; readonly failures?: number; readonly policy?: Supervision }
  | {
      readonly escalate: false;
      readonly restart: 'resume' | 'fresh';
      readonly who: readonly Address[];
      readonly policy?: Supervision;
    };

/** Supervises the children of one actor. */
export class Supervisor {
  readonly #policy: Supervision;
  #restarts: readonly number[] = [];
  #isComplete = false;
  #loading: Promise<void> | undefined;

  constructor(policy: Supervision) {
    this.#policy = policy;
  }

  /** The actor is spawned, or restarted from the beginning: earlier restarts do not count. */
  reset(): void {
    this.#restarts = [];
    this.#isComplete = true;
  }

  /** Are all restarts known, also those before this process ran the actor? */
  get hasHistory(): boolean {
    return this.#isComplete;
  }

  /** Adds the restarts from before: `read` returns those since a time. When it rejects, it is called again the next time. */
  loadHistory(read: (since: number) => Promise<readonly Restart[]>, now: number): Promise<void> {
    this.#loading ??= read(now - this.#policy.within)
      .then((before) => {
        if (!this.#isComplete) this.#restarts = [...before.map(({ at }) => at), ...this.#restarts];
        this.#isComplete = true;
      })
      .finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /**
   * Decides about a failed child. `siblings` are all active children in the order they were spawned, the failed one among them.
   * `resumable` is false when the actor failed on something it waits for: without that event it would wait for ever.
   */
  decide(failed: Address, siblings: readonly Address[], now: number, resumable: boolean): SupervisorDecision {
    const policy = this.#policy;
    const { strategy, maxRestarts, restart } = policy;
    const place = siblings.indexOf(failed);
    // The parent has closed the child meanwhile: it is being stopped.
    if (place < 0) return { escalate: false, restart, who: [] };
    this.#restarts = [...this.#recent(now), now];
    if (this.#restarts.length > maxRestarts) return { escalate: true, failures: this.#restarts.length, policy };
    if (restart === 'resume' && !resumable) return { escalate: true };
    if (restart === 'resume' || strategy === 'one-for-one') return { escalate: false, restart, who: [failed], policy };
    return { escalate: false, restart, who: strategy === 'one-for-all' ? siblings : siblings.slice(place), policy };
  }

  /** True when no restart counts any more. */
  hasNoRecentRestart(now: number): boolean {
    return this.#recent(now).length === 0;
  }

  #recent(now: number): readonly number[] {
    return this.#restarts.filter((at) => at > now - this.#policy.within);
  }
}

/** A restart as it is stored with the child that failed. */
export const restartRecord = (
  { strategy, maxRestarts, within }: Supervision,
  { at, by, how, failure: { kind } }: Pick<Restart, 'at' | 'by' | 'how'> & { failure: Failure },
): Restart => ({ at, by, how, kind, strategy, maxRestarts, within });

/** The failure that goes up when a child may not be restarted again. Where no restart is allowed, it is the child's own. */
export function escalatedFailure(
  failure: Failure,
  { failures, policy }: Extract<SupervisorDecision, { escalate: true }>,
): Failure {
  if (failures === undefined || !policy || policy.maxRestarts === 0) return failure;
  const { maxRestarts, within } = policy;
  return {
    kind: 'restarts',
    message: `It failed ${failures} times within ${within} ms, and ${maxRestarts} restarts are allowed. The last time: ${failure.message}`,
    retryable: false,
    data: { times: failures, maxRestarts, within, last: failure.kind },
  };
}
