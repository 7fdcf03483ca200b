/** What follows from the failure of an actor: its supervisor decides, and those that begin again are restarted here. */
import type { Restart } from '../contracts/restart.ts';
import { restartRecord, type Supervisor, type SupervisorDecision } from '../core/supervisor.ts';
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Actor } from './actor.ts';
import type { SupervisedActor } from './actorHost.ts';
import type { EngineContext } from './context.ts';
import type { HostedRun } from './hostedRun.ts';
import { restartsSince } from './restartHistory.ts';
import { retryWrite } from './retryWrite.ts';

/** What supervision works with. */
export interface SupervisorsParts {
  readonly context: EngineContext;
  /** A run of this process. Throws `fenced` when it is not here. */
  run(id: string): HostedRun;
  owns(run: string): boolean;
  /** Calls with the actor, which is loaded when it is not in memory; calls `otherwise` when it is not here. */
  withActor(address: Address, call: (actor: Actor) => void, otherwise?: () => void): void;
}

/** Supervises the actors of a host. */
export class Supervisors {
  readonly #parts: SupervisorsParts;

  constructor(parts: SupervisorsParts) {
    this.#parts = parts;
  }

  /** Decides, and restarts those that begin again. Waits while the journal is away. */
  async decide(failed: SupervisedActor, failure: Failure, resumable: boolean): Promise<SupervisorDecision> {
    const { clock } = this.#parts.context;
    const { address, parent, run } = failed;
    const now = clock.now();
    const parentActor = parent === undefined ? undefined : await this.#load(parent);
    const supervisor = parentActor?.supervisor ?? this.#parts.run(run).supervisor;
    const began = parentActor?.state.spawnInfo.began ?? 0;
    if (!supervisor.hasHistory) await this.#loadHistory(supervisor, failed, now, began);
    // Its children are those of a step that is stored: another one may be refused.
    for (let storing = parentActor?.storing; storing; storing = parentActor?.storing) await storing;
    const decision = supervisor.decide(address, parentActor?.childAddresses() ?? [address], now, resumable);
    if (!decision.escalate && decision.restart === 'fresh') this.#restart(decision, failed, failure);
    return decision;
  }

  /** The actor that failed keeps the record of the restart. */
  #restart({ who, policy }: Extract<SupervisorDecision, { escalate: false }>, failed: SupervisedActor, why: Failure) {
    const { clock } = this.#parts.context;
    const { address, parent: by = 'system' } = failed;
    const record: Restart | undefined =
      policy && restartRecord(policy, { at: clock.now(), by, how: 'fresh', failure: why });
    for (const each of who)
      this.#parts.withActor(each, (actor) => actor.restart(by, why, each === address ? record : undefined));
  }

  #load(address: Address): Promise<Actor | undefined> {
    return new Promise((resolve) => this.#parts.withActor(address, resolve, () => resolve(undefined)));
  }

  #loadHistory(
    supervisor: Supervisor,
    { address, parent, run }: SupervisedActor,
    now: number,
    began: number,
  ): Promise<void> {
    const { journal, clock, ending, stalls } = this.#parts.context;
    const read = (since: number) => restartsSince(journal, { run, parent: parent ?? null }, Math.max(since, began));
    const gone = () => !this.#parts.owns(run);
    const scope = () => ({ clock, ending, gone, ...stalls.reportsOf(run, address) });
    return retryWrite(() => supervisor.loadHistory(read, now), scope);
  }
}
