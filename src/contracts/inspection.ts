/** What observers see: one event per commit, and what happens between commits. Feeds logs, the inspector and progress lines. */
import type { Failure } from '../values/failure.ts';
import type { Component, HealthStatus, Standing } from './health.ts';
import type { Json } from '../values/json.ts';

/** Whether an actor goes on, and if not, how it ended. */
export type ActorStatus = 'active' | 'done' | 'failed' | 'stopped';

/** One event that observers see. `at` is milliseconds since the epoch. */
export type Inspection =
  | {
      readonly type: 'commit';
      readonly at: number;
      readonly run: string;
      readonly actor: string;
      readonly parent: string | undefined;
      /** The id of its machine. */
      readonly machine: string;
      readonly seq: number;
      /** The message that caused the commit. */
      readonly event: {
        readonly id: string;
        readonly type: string;
        readonly from: string | undefined;
        readonly body: Json;
      };
      /** The XState value, e.g. `"idle"` or `{ active: { lifecycle: "planning" } }`. */
      readonly state: Json;
      readonly tags: readonly string[];
      readonly context: Json;
      readonly status: ActorStatus;
      readonly failure?: Failure;
    }
  | {
      readonly type: 'effect.started' | 'effect.done' | 'effect.failed' | 'effect.stopped';
      readonly at: number;
      readonly run: string;
      readonly actor: string;
      readonly key: string;
      readonly name: string;
      readonly again: boolean;
      readonly failure?: Failure;
    }
  | {
      readonly type: 'progress';
      readonly at: number;
      readonly run: string;
      readonly actor: string;
      readonly key: string;
      readonly note: Json;
    }
  | {
      readonly type: 'restarted';
      readonly at: number;
      readonly run: string;
      readonly actor: string;
      readonly by: string;
      readonly how: 'resume' | 'fresh';
      readonly failure: Failure;
    }
  /** The health of an agent, a model or a tool server changed; `from` is undefined the first time. Run and actor are those that noticed. */
  | {
      readonly type: 'health';
      readonly at: number;
      readonly run: string;
      readonly actor: string;
      readonly component: Component;
      readonly from: HealthStatus | undefined;
      readonly standing: Standing;
    }
  /** The journal cannot take the commit now; the engine keeps trying, and nothing after it happens. */
  | {
      readonly type: 'stalled';
      readonly at: number;
      readonly run: string;
      readonly actor: string;
      readonly failure: Failure;
    }
  | {
      readonly type: 'dead';
      readonly at: number;
      readonly run: string;
      readonly actor: string;
      readonly message: { readonly id: string; readonly type: string; readonly from: string };
      readonly failure: Failure;
    };

/** Called with every event, in order; must not throw and must not wait. */
export type Observer = (event: Inspection) => void;
