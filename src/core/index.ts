/**
 * The pure step of an actor: `import … from 'troupe/core'`. A machine, its snapshot and one message give a commit; nothing here reads a clock,
 * waits or writes, and nothing of Node is used. The engine stores the commits and carries them out.
 */

/** Checks a machine once and makes it an actor type. The hash and the trace come from the platform. */
export { defineActorType, type ActorType, type ActorTypeOptions } from './actorType.ts';
export type { Platform } from './platform.ts';

/** A machine as pure functions: its first step, every further step, saving and restoring a snapshot. */
export { chart, type Chart, type MachineStep } from './chart.ts';

/** What the machine may know of time, chance and the message, attached to its event. */
export { withEventContext, type EventContext } from '../contracts/eventContext.ts';

/** A message from outside, checked against the contract of the actor type. Throws `invalid`, `unknown_message` or `denied`. */
export { fromEnvelope } from './validate.ts';
/** The end of an effect, and a timer that is due: what an actor gets from what it started itself. */
export { commitEventOf, fromEffect, fromTimer, type EffectResult, type Incoming } from './incoming.ts';

/** What the actor has started and that is not settled. */
export { PendingSet } from './pendingSet.ts';
export type { SpawnInfo } from './spawn.ts';
/** What a step changes: the new snapshot, and the outbox with what begins and what ends. */
export { stepChange, type StepCause, type StepNumber, type StepOutcome, type SteppingActor } from './stepChange.ts';
/** The change as a commit, with its snapshot as JSON. Throws `definition` for what could not be read back as it was. */
export { toCommit, type CommitBase, type StateChange } from './toCommit.ts';
export type { Commit } from '../contracts/commit.ts';
/** The saved state in a stored actor, for `chart.restore`. Throws `incompatible` when it does not fit the machine, or `corrupt`. */
export { unwrapSnapshot } from './snapshot.ts';
