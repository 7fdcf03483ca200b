/** A tool whose calls are tasks of another agent, a team, an orchestrator, something guarded, a machine or a flow: made by `asTool`. */
import type { Json, JsonObject } from '../values/json.ts';
import type { EffectKind } from '../contracts/effect.ts';
import type { Flow } from '../flow/flow.ts';
import type { MachineRunnable } from './machine.ts';
import type { Member } from './member.ts';

/** A tool whose calls are work of another definition. */
export interface Delegate {
  readonly kind: 'delegate';
  /** The tool's name as a model sees it: 1 to 64 of A-Z a-z 0-9 _ -. */
  readonly name: string;
  /** What it does and when to call it, for the model. */
  readonly description: string;
  /** The agent, team, orchestrator, guarded definition, machine or flow that does the work. */
  readonly subject: Member | MachineRunnable | Flow;
  /** True when a person must agree to each call. */
  readonly approval: boolean;
  /** `read` for agents, teams and flows: what they do themselves has effects of its own. A machine declares its own; `read` by default. */
  readonly effect: EffectKind;
  /** JSON Schema of the tool's input. */
  readonly schema: JsonObject;
  /** The message that a call is translated to. Throws `invalid` with what the model should correct. */
  message(input: Json): { readonly type: string; readonly body: Json };
}
