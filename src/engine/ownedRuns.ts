/** The runs of one process, from the claim of their lease until it is given back or lost. */
import type { ActorRow } from '../contracts/commit.ts';
import { TroupeError, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Activity } from './activity.ts';
import type { Actor } from './actor.ts';
import type { EngineContext } from './context.ts';
import type { DueTimers } from './dueTimers.ts';
import { HostedRun, type HostedRunParts } from './hostedRun.ts';
import type { Leases } from './lease.ts';
import type { OutboxRelay } from './outboxRelay.ts';
import type { Registry } from './registry.ts';
import { retryWrite } from './retryWrite.ts';

/** What they work with. */
export interface OwnedRunsParts {
  readonly context: EngineContext;
  readonly activity: Activity;
  readonly leases: Leases;
  readonly registry: Registry;
  readonly outboxRelay: Pick<OutboxRelay, 'release' | 'isMoving'>;
  readonly due: DueTimers;
  /** May a run go on from this end of its root, in any process? */
  mayGoOn(root: ActorRow): boolean;
  /** Calls with the actor, which is loaded when it is not in memory. */
  withActor(address: Address, call: (actor: Actor) => void): void;
}

/** How long a host that closes waits at most until what ended roots left is stopped, for all of its runs together; milliseconds. */
const longestStop = 5_000;

/** The runs of a host, and those that it could not go on with. */
export class OwnedRuns {
  readonly #parts: OwnedRunsParts;
  readonly #runs = new Map<string, HostedRun>();
  /** What every hosted run works with. */
  readonly #ofRuns: HostedRunParts;

  constructor(parts: OwnedRunsParts) {
    this.#parts = parts;
    const { context, leases, activity, registry, due } = parts;
    this.#ofRuns = {
      context,
      leases,
      activity,
      caughtUp: (run) => due.caughtUp(run),
      fail: (run, failure) => this.#fail(run, failure),
      actor: (address) => registry.actor(address),
    };
  }

  get(id: string): HostedRun | undefined {
    return this.#runs.get(id);
  }

  /** Throws `fenced` for one that this process does not run. */
  require(id: string): HostedRun {
    const hosted = this.#runs.get(id);
    if (hosted) return hosted;
    throw new TroupeError('fenced', `This process does not run ${id}; resume it to run it here.`);
  }

  /** Why this process lost a run. */
  whyLost(run: string): Failure | undefined {
    const state = this.#runs.get(run)?.state;
    return state?.is === 'ended' ? state.why : undefined;
  }

  /** The actors of a run that are in memory. */
  actorsOf(run: string): Actor[] {
    const { registry } = this.#parts;
    return [...registry.of(run)].flatMap((address) => registry.actor(address) ?? []);
  }

  /** Takes the lease of a run. `isNew`: its id was made for this. */
  async claim(run: string, root: Address, isNew: boolean): Promise<HostedRun> {
    const { leases } = this.#parts;
    const isHeld = leases.holds(run);
    await leases.claim(run, { isNew });
    const hosted = new HostedRun(run, root, this.#ofRuns, !isHeld && leases.epoch(run) === 1);
    this.#runs.set(run, hosted);
    return hosted;
  }

  /** Lets a run go that could not be started. */
  async giveUp(run: string): Promise<void> {
    this.drop(run);
    await this.#parts.leases.release(run, 'failed').catch(() => {});
  }

  /** A run cannot go on here: another process may try. */
  stop(run: string, why: Failure): void {
    const hosted = this.#runs.get(run);
    if (hosted) hosted.state = { is: 'ended', why };
    this.#parts.leases.giveUp(run);
  }

  /** Gives a run back, so that it can be resumed here or in another process. Effects, and the stop of what an ended root left, get `grace` milliseconds. */
  async park(run: string, grace: number): Promise<void> {
    const until = this.#parts.context.clock.now() + grace;
    await this.#giveBack(run, { atWork: until, stopping: until });
  }

  /** Gives all runs back at once. Rejects with the first failure, after all were tried. */
  async parkAll(): Promise<void> {
    const { context, leases } = this.#parts;
    const now = context.clock.now();
    const until = { atWork: now, stopping: now + longestStop };
    const parked = await Promise.allSettled(leases.runs.map((run) => this.#giveBack(run, until)));
    await leases.released();
    for (const each of parked) if (each.status === 'rejected') throw each.reason;
  }

  /** Waits for what is at work, and for what stops, until these times at most. */
  async #giveBack(run: string, until: { readonly atWork: number; readonly stopping: number }): Promise<void> {
    const { context, leases, activity } = this.#parts;
    const { clock } = context;
    const hosted = this.#runs.get(run);
    if (hosted) hosted.state = { is: 'draining' };
    const isAtWork = (actor: Actor) => actor.hasRunningEffects || actor.isHandling;
    if (hosted?.end)
      while (clock.now() < until.stopping && this.#isStopping(run))
        await activity.nextChange(run, clock, until.stopping);
    while (clock.now() < until.atWork && this.actorsOf(run).some(isAtWork))
      await activity.nextChange(run, clock, until.atWork);
    this.drop(run);
    await leases.release(run);
  }

  /**
   * What an ended root leaves behind is stopped at once, each by a commit. Nobody resumes a run that has ended, so a question of it would stay
   * open. A journal that takes no commits is not waited for.
   */
  #isStopping(run: string): boolean {
    const { context, registry } = this.#parts;
    return registry.of(run).size > 0 && !context.stalls.of(run);
  }

  /** Gives back the lease of a run whose actors have all ended, once its last messages are delivered or kept as dead letters: that is written under the lease. */
  async releaseEnded(run: string): Promise<void> {
    const { activity, registry, leases } = this.#parts;
    await activity.nextIdle(run);
    if (registry.of(run).size > 0) return;
    const end = this.#runs.get(run)?.end;
    this.#runs.delete(run);
    await leases.release(run, end !== undefined && this.#isFinal(end) ? 'ended' : undefined);
  }

  /** An end that cannot be read may be one from which the run goes on. */
  #isFinal(end: ActorRow): boolean {
    try {
      return !this.#parts.mayGoOn(end);
    } catch {
      return false;
    }
  }

  /** This process does not run it any more: nothing of it happens here, and nothing is written. */
  drop(run: string): void {
    const { context, activity, registry, outboxRelay, due } = this.#parts;
    if (this.#runs.get(run)?.state.is !== 'ended') this.#runs.delete(run);
    context.stalls.forget(run);
    outboxRelay.release(run);
    due.catchUp.drop(run);
    const addresses = new Set(registry.of(run));
    due.timers.cancelAllOf(addresses);
    for (const address of addresses) {
      const actor = registry.actor(address);
      registry.remove(address);
      actor?.abandon();
    }
    context.tracing?.left(run);
    activity.changed(run);
  }

  #fail(run: string, failure: Failure): boolean {
    const { leases, withActor } = this.#parts;
    const root = this.#runs.get(run)?.root;
    if (root === undefined || !leases.holds(run)) return false;
    withActor(root, (actor) => actor.fail(failure));
    return true;
  }

  /** Asks the journal for a run, and waits while the journal is away. */
  whileAway<T>(run: string, ask: () => Promise<T>): Promise<T> {
    const { context, leases } = this.#parts;
    const { clock, ending, stalls } = context;
    return retryWrite(ask, () => ({ clock, ending, gone: () => !leases.holds(run), ...stalls.reportsOf(run, run) }));
  }

  /** Resolves when no message of the run is on its way or being taken, or this process no longer runs it. */
  settled(run: string): Promise<void> {
    const { leases, outboxRelay, activity } = this.#parts;
    const isSettled = () =>
      !leases.holds(run) || (!outboxRelay.isMoving(run) && this.actorsOf(run).every((actor) => !actor.isHandling));
    return new Promise((resolve) => {
      if (isSettled()) return resolve();
      const listener = activity.watch(run, () => {
        if (!isSettled()) return;
        listener[Symbol.dispose]();
        resolve();
      });
    });
  }
}
