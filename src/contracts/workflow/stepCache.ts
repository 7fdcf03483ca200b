/** Results of steps that are taken again by later runs. */
import type { Json } from '../../values/json.ts';

/** Keeps results by what was done and with what input. It may forget: a result that is not there is made anew. */
export interface StepCache {
  /** The result that was kept and is still valid at `now`, in milliseconds since the epoch; undefined when there is none. Never rejects. */
  get(key: string, now: number): Promise<Json | undefined>;
  /** Keeps a result that was made at `now`, in milliseconds since the epoch, for `ttl` milliseconds. Never rejects. */
  set(key: string, result: Json, now: number, ttl: number): Promise<void>;
}
