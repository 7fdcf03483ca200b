/** What an actor and its parts ask of the host that runs them. They know their host by this interface alone. */
import type { Restart } from '../contracts/restart.ts';
import type { PendingChild } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import type { MachineEvent } from '../core/chart.ts';
import type { SupervisorDecision } from '../core/supervisor.ts';
import type { Failure, TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { Activity } from './activity.ts';
import type { CommitContext } from './actorState.ts';
import type { OutboxRelay } from './outboxRelay.ts';
import type { Recall } from './recall.ts';
import type { Timers } from './timers.ts';

/** An actor, and the run it belongs to. */
export interface RunActor {
  readonly address: Address;
  readonly run: string;
}

/** An actor that fails, for its supervisor. */
export interface SupervisedActor extends RunActor {
  /** Undefined for the root of a run. */
  readonly parent: Address | undefined;
}

/** An actor that spawns a child. */
export interface ParentActor extends RunActor {
  readonly type: ActorType;
  /** Milliseconds since the epoch; the child inherits it. */
  readonly deadline: number | undefined;
}

/** A message that no actor took. */
export interface UndeliveredMessage {
  readonly id: string;
  readonly type: string;
  readonly from: Address;
}

/** The host of an actor. */
export interface ActorHost extends CommitContext {
  /** Sends the messages that a commit left in the outbox. */
  readonly outboxRelay: Pick<OutboxRelay, 'send'>;
  /** What is under way in the runs of this process. */
  readonly activity: Pick<Activity, 'begin'>;
  /** What a retried run keeps of its earlier lives; undefined for one that was never retried. */
  recall(run: string): Pick<Recall, 'effect'> | undefined;
  /** The timers of all actors of this process. */
  readonly timers: Pick<Timers, 'set' | 'cancel'>;

  /** Starts a child whose spawn is committed. A child that cannot be started has failed, for its parent. */
  spawn(parent: ParentActor, pending: PendingChild): void;
  /** Stops a child that its parent closed. */
  stopChild(address: Address, reason: string): void;
  /** Restarts an actor from the beginning; `record` is the restart that its supervisor counts. */
  restart(address: Address, by: Address, failure: Failure, record?: Restart): void;
  /** Asks the supervisor of an actor what follows from its failure. `resumable`: it may continue without the message that failed. */
  superviseFailure(actor: SupervisedActor, failure: Failure, resumable: boolean): Promise<SupervisorDecision>;

  /** Publishes an event that a machine emitted. Not durable. */
  emit(from: Address, run: string, event: MachineEvent): void;
  /** Reports a message that no actor took and that a commit stores. */
  reportDeadLetter(run: string, actor: Address, message: UndeliveredMessage, failure: Failure): void;

  /** Is it certain that no other process holds the lease of the run by now? */
  isLeaseCurrent(run: string): boolean;
  /** May something be started for the run? False when another process holds its lease. Waits while the journal cannot tell. */
  confirmLease(run: string, gone: () => boolean): Promise<boolean>;

  /** Fires the timers that this process missed while it was suspended. A promise while the run catches up: what comes now is taken afterwards. */
  lateFirst(run: string): Promise<void> | undefined;
  /** The entries of a list of any actor of a run; none when the run has no such actor. */
  listOf(run: string, actor: Address, name: string): Promise<readonly Json[]>;
  /** Fails a run of this process from its root, whatever it is doing; false when it is not here. */
  failRun(run: string, error: TroupeError): boolean;
  /** The actor has nothing to do for now, so it may leave memory after a while. */
  actorRests(): void;
  /** The actor is done, failed or stopped. */
  actorEnded(actor: RunActor): void;
  /** The actor cannot go on in this process; its run stops here and can be resumed. */
  stopRun(actor: RunActor, failure: Failure): void;
}
