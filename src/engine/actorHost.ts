/** What an actor and its parts ask of the host that runs them. They know their host by these six members alone, and what their run shares by `HostedRun`. */
import type { ActorRow } from '../contracts/commit.ts';
import type { OwnPending, Pending } from '../contracts/pending.ts';
import type { SupervisorDecision } from '../core/supervisor.ts';
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { EngineContext } from './context.ts';
import type { Include, ParentActor, RunActor } from './unit.ts';

/** An actor that fails, for its supervisor. */
export interface SupervisedActor extends RunActor {
  /** Undefined for the root of a run. */
  readonly parent: Address | undefined;
}

/** What becomes of an actor in this process. */
export type ActorChange =
  /** It has nothing to do for now, so it may leave memory after a while. */
  | { readonly is: 'resting' }
  /** It is done, failed or stopped. `row`: as its last commit has stored it, where that was made here. */
  | { readonly is: 'ended'; readonly row?: ActorRow }
  /** It cannot go on here: its run stops in this process, and can be resumed. */
  | { readonly is: 'stuck'; readonly why: Failure };

/** The host of an actor. */
export interface ActorHost {
  /** The journal, the clock, and who is told. */
  readonly context: EngineContext;
  /** Begins what a commit of the actor opened and what it does not perform itself: a child, a timer, a message. */
  begin(actor: ParentActor, pending: Exclude<Pending, { kind: 'effect' }>): void;
  /** Ends what a commit of the actor closed: a child, a timer. */
  end(actor: RunActor, pending: Exclude<OwnPending, { kind: 'effect' }>): void;
  /**
   * Decides what follows from the failure of an actor, and restarts those that begin again. `resumable`: it may continue without the message that
   * failed.
   */
  supervise(actor: SupervisedActor, failure: Failure, resumable: boolean): Promise<SupervisorDecision>;
  /** Takes a message, or starts a child, as a further step of a unit that is not stored yet; false when it must wait for that. */
  readonly include: Include;
  /** Takes note of what becomes of the actor. */
  changed(actor: RunActor, change: ActorChange): void;
}
