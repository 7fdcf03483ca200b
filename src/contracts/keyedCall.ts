/** A function of a tool that is about to run, as proofs record it. */
import type { Json } from '../values/json.ts';

/** A function of a tool that is about to run, as proofs record it. */
export interface KeyedCall {
  /** The name of the tool. */
  readonly tool: string;
  /** Does the tool change something outside? */
  readonly isWrite: boolean;
  /** What it is given. */
  readonly input: Json;
  /** The key that it is given. */
  readonly key: string;
}
