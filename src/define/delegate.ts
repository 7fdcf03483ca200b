/** A tool whose calls are tasks of another agent, a team, an orchestrator, something guarded or a machine: made by `asTool`. */
import type { Json, JsonObject } from '../values/json.ts';
import type { EffectKind } from '../contracts/effect.ts';
import type { MachineRunnable } from './machine.ts';
import type { Member } from './member.ts';

/** A tool whose calls are tasks of another agent, a team, an orchestrator or something guarded. */
export interface Delegate {
  readonly kind: 'delegate';
  /** The tool's name as a model sees it: 1 to 64 of A-Z a-z 0-9 _ -. */
  readonly name: string;
  /** What it does and when to call it, for the model. */
  readonly description: string;
  /** The agent, team, orchestrator, guarded definition or machine that does the work. */
  readonly subject: Member | MachineRunnable;
  /** True when a person must agree to each call. */
  readonly approval: boolean;
  /** `read` for agents and teams: the tools that they call themselves declare their own effects. A machine declares its own; `read` by default. */
  readonly effect: EffectKind;
  /** JSON Schema of the tool's input. */
  readonly schema: JsonObject;
  /** The message that a call is translated to. Throws `invalid` with what the model should correct. */
  message(input: Json): { readonly type: string; readonly body: Json };
}
