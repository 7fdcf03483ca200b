/** A tool whose calls are tasks of another agent, a team, an orchestrator or something guarded: made by `asTool`. */
import type { Json, JsonObject } from '../values/json.ts';
import type { Member } from './member.ts';

/** A tool whose calls are tasks of another agent, a team, an orchestrator or something guarded. */
export interface Delegate {
  readonly kind: 'delegate';
  /** The tool's name as a model sees it: 1 to 64 of A-Z a-z 0-9 _ -. */
  readonly name: string;
  /** What it does and when to call it, for the model. */
  readonly description: string;
  /** The agent, team, orchestrator or guarded definition that does the work. */
  readonly subject: Member;
  /** True when a person must agree to each call. */
  readonly approval: boolean;
  /** Always `read`: the tools that the agent or team calls itself declare their own effects. */
  readonly effect: 'read';
  /** JSON Schema of the tool's input. */
  readonly schema: JsonObject;
  /** The message that a call is translated to. Throws `invalid` with what the model should correct. */
  message(input: Json): { readonly type: string; readonly body: Json };
}
