/** A write of which nobody knows whether it happened, as a run names it. */
import type { Json } from '../values/json.ts';

/** A write that may or may not have happened. */
export interface UnsettledWrite {
  /** The name of the tool. */
  readonly tool: string;
  /** What it was given. */
  readonly input: Json;
}
