/** How a checkpoint is performed, and what its function is told. */
import type * as z from 'zod';
import type { Duration } from '../values/duration.ts';
import type { TroupeError } from '../values/failure.ts';

/** What the function of a checkpoint is told. */
export interface CheckpointCall {
  /** The invocation id. */
  readonly id: string;
  /** The idempotency key: the same for every attempt of this call, in every process. */
  readonly key: string;
  /** Which attempt it is; the first is 1. */
  readonly attempt: number;
  /** Aborted when the flow is cancelled, the time of the attempt is up, or the process gives the run away. */
  readonly signal: AbortSignal;
}

/** How a call that fails is tried again. */
export interface CheckpointRetries {
  /** How many attempts follow the first; 0 by default. */
  readonly times?: number;
  /** The first pause; twice as long each time, with some chance in it. 1 s by default. */
  readonly backoff?: Duration;
  /** The longest pause; a minute by default. */
  readonly longest?: Duration;
  /** Is this failure worth another attempt? Every one by default, but for what can never succeed: input that does not fit, a refusal, a cancel. `data` has the name, the `code` and the `status` of what was thrown. */
  readonly on?: (failure: TroupeError) => boolean;
}

/** How a checkpoint is performed. Every field may be left out. */
export interface CheckpointOptions {
  /** How many attempts follow the first, or how; as the flow says by default. */
  readonly retries?: number | CheckpointRetries;
  /** How long one attempt may take; without limit by default. After it the attempt has failed with `timeout`, but for a write, which may have happened. */
  readonly timeout?: Duration;
  /** What it is, for people: `llm_call`, `tool_call`, or any other word. */
  readonly type?: string;
  /**
   * A result for the same input is taken from earlier runs of the flow; of a function that takes no input, whatever it closes over. As the flow
   * says by default, for what is given an input.
   */
  readonly cache?:
    | boolean
    | {
        /** A word for the code, to be changed when that changes: only results of the same version are taken. Empty by default. */
        readonly version?: string;
        /** How long a result may be taken after it was made; 30 days by default. */
        readonly maxAge?: Duration;
      };
  /**
   * `write`: it must not happen twice, and the other side does not honour its key. When a process dies or the `timeout` is over in the middle, a person is asked whether it
   * happened. `repeat`: it may be performed again after that, under the same key; the default.
   */
  readonly effect?: 'repeat' | 'write';
  /** Calls of `ctx` inside are recorded too, each for itself. When it is performed again, they give what they gave. It cannot have retries then. False by default: they are refused. */
  readonly nested?: boolean;
  /** Where it is performed; there is one place, so the two mean the same. */
  readonly runtime?: 'inline' | 'isolated';
  /** What its result must fit; anything by default. */
  readonly output?: z.ZodType;
}
