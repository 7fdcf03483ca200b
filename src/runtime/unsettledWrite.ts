/** A write of which nobody knows whether it happened, as a run names it. */
import type { Json } from '../values/json.ts';

/** A write that may or may not have happened. */
export type UnsettledWrite =
  | {
      /** The name of the tool. */
      readonly tool: string;
      /** What it was given. */
      readonly input: Json;
    }
  | {
      /** The invocation id of a checkpoint of a flow, below those of the calls around its flow. */
      readonly checkpoint: string;
      /** The idempotency key that its function was given. */
      readonly key: string;
    };
