/** Tools an agent may call: one interface for local functions and for tool servers. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import type { Clock } from '../values/clock.ts';
import type { Failure } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { KeyedCall } from './keyedCall.ts';
import type { ToolInfo } from './model.ts';

/** A progress note: a tool is called now, or has answered. */
export const ToolNote = z.discriminatedUnion('type', [
  z.object({ type: z.literal('tool.called'), id: z.string(), tool: z.string(), input: anyJson() }),
  z.object({
    type: z.literal('tool.answered'),
    id: z.string(),
    tool: z.string(),
    ok: z.boolean(),
    /** What the model is shown. */
    content: z.string(),
  }),
]);
export type ToolNote = z.infer<typeof ToolNote>;

/** What a tool is given beside its input. */
export interface ToolScope {
  /** The idempotency key of this call: the same for every retry, after a restart, and when it is looked up or made again. Pass it on to what is called. */
  readonly key: string;
  /** Fires when the result is no longer wanted: the call must stop. */
  readonly signal: AbortSignal;
  /** The time and chance of the engine; use it instead of `Date` and `Math.random`, so that tests can set it. */
  readonly clock: Clock;
  /** Shown to observers; not stored. */
  readonly progress: (note: Json) => void;
  /** For proofs: called before a function of the tool runs. Default: nothing is recorded. */
  readonly onCall?: (call: KeyedCall) => void;
}

/**
 * Tools that come and go together. `call` throws TroupeError: invalid, tool, timeout, transient, environment, denied.
 * Its data may tell what became of a write: `sent: false`, nothing was begun; `done: true`, it was carried out and only its result is lost.
 */
export interface ToolSource {
  /** Names the source in messages; it is the `source` of its tools. */
  readonly name: string;
  /** An agent continues without it when it cannot be listed. */
  readonly optional?: boolean;
  /** Opens what must be opened, and lists. Names are unique within a source. */
  list(signal: AbortSignal): Promise<readonly ToolInfo[]>;
  /** Performs one call, and resolves with what the model is shown. */
  call(tool: string, input: Json, scope: ToolScope): Promise<Json>;
  /** Does performing a call again under the same key change nothing? */
  idempotent(tool: string): boolean;
  /** Did a call that may have been performed happen? `undefined` when the tool cannot tell. */
  reconcile?(
    tool: string,
    input: Json,
    scope: ToolScope,
  ): Promise<{ done: true; output: Json } | { done: false } | undefined>;
  /** What was wrong with the last list: tools that were left out or cut, and why. */
  problems?(): readonly Failure[];
  /** Called when the list has changed (`tools/list_changed`, a server gone). */
  onChange(changed: () => void): Disposable;
  /** Closes idle connections; they are opened again when a tool is called. */
  closeIdle?(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
