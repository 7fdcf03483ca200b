/** What observers see: one event per commit, and what happens between commits. Feeds logs, the inspector and progress lines. */
import type { Failure } from '../values/failure.ts';
import type { Component, HealthStatus, HealthSummary } from './health.ts';
import type { Json } from '../values/json.ts';

/** `active`: it takes messages. `done`: its machine came to its end. `failed`: it could not go on. `stopped`: its parent or the engine ended it. */
export type ActorStatus = 'active' | 'done' | 'failed' | 'stopped';

/** One event that observers see. */
export type Inspection =
  /** A commit was stored: an actor has handled a message. */
  | {
      readonly type: 'commit';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** The address of the actor that spawned it; undefined for the root of a run. */
      readonly parent: string | undefined;
      /** The id of its machine. */
      readonly machine: string;
      /** The number of the commit among those of this actor; the first is 1. */
      readonly seq: number;
      /** The message that caused the commit. */
      readonly event: {
        /** The id of the message: an actor handles each id once. */
        readonly id: string;
        /** The type of the event that the machine took. */
        readonly type: string;
        /** The address of the sender; undefined for an effect, a timer, and events of the engine. */
        readonly from: string | undefined;
        /** What the message said. */
        readonly body: Json;
      };
      /** The XState value, e.g. `"idle"` or `{ active: { lifecycle: "planning" } }`. */
      readonly state: Json;
      /** The tags of the states that the machine is in. */
      readonly tags: readonly string[];
      /** The facts that the machine keeps, after this commit. */
      readonly context: Json;
      /** Whether the actor is active after this commit, and if not, how it ended. */
      readonly status: ActorStatus;
      /** Why the actor failed; absent while it has not. */
      readonly failure?: Failure;
    }
  /** An effect was started or has ended. */
  | {
      /**
       * `effect.started`: it is performed now. `effect.done`: it has a result. `effect.failed`: it failed after all its attempts.
       * `effect.stopped`: its result is no longer wanted.
       */
      readonly type: 'effect.started' | 'effect.done' | 'effect.failed' | 'effect.stopped';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** The idempotency key of the effect: `actor/seq/index`. */
      readonly key: string;
      /** The name of the slot in `setup({ actors })` that the effect fills. */
      readonly name: string;
      /** True when an earlier process may have performed the effect before it died. */
      readonly again: boolean;
      /** Why the effect failed; absent unless the type is `effect.failed`. */
      readonly failure?: Failure;
    }
  /** An effect reported its progress; it is not stored. */
  | {
      readonly type: 'progress';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** The idempotency key of the effect: `actor/seq/index`. */
      readonly key: string;
      /** What the effect reported: any JSON, such as a part of a model's answer. */
      readonly note: Json;
    }
  /** An actor that failed was restarted by its supervisor. */
  | {
      readonly type: 'restarted';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** The address of the supervisor that restarted the actor; `system` for the root of a run. */
      readonly by: string;
      /** `resume`: from its last commit, without the message that failed. `fresh`: from the beginning, with the same input. */
      readonly how: 'resume' | 'fresh';
      /** Why the actor had to be restarted. */
      readonly failure: Failure;
    }
  /** The health of an agent, a model or a tool server changed; `from` is undefined the first time. `run` and `actor` are those whose call changed it. */
  | {
      readonly type: 'health';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** The agent, model or tool server whose health changed. */
      readonly component: Component;
      /** The health before; undefined when this is the first call that counts. */
      readonly from: HealthStatus | undefined;
      /** The health now, and the figures that it follows from. */
      readonly standing: HealthSummary;
    }
  /** The journal can be used again: the actor goes on. */
  | {
      readonly type: 'continued';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** When the journal could not be used for the first time, in milliseconds since the epoch. */
      readonly since: number;
    }
  /** The journal cannot store the commit now. The engine keeps trying; the actor handles nothing else until it is stored. Reported once, and again when the reason changes. */
  | {
      readonly type: 'stalled';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** Why the journal does not take the commit. */
      readonly failure: Failure;
    }
  /** A message became a dead letter. */
  | {
      readonly type: 'dead';
      /** When it happened, in milliseconds since the epoch. */
      readonly at: number;
      /** The id of the run that the actor belongs to. */
      readonly run: string;
      /** The address of the actor that this is about. */
      readonly actor: string;
      /** The message that no actor took. */
      readonly message: {
        /** The id under which its sender knows the message. */
        readonly id: string;
        /** The name of the message. */
        readonly type: string;
        /** The address of its sender. */
        readonly from: string;
      };
      /** Why no actor took the message. */
      readonly failure: Failure;
    };

/** Called with every event, in order; must not throw and must not wait. */
export type Observer = (event: Inspection) => void;
