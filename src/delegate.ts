/** A tool that is another agent, or a team: made by `asTool`. */
import type { Json, JsonObject } from './contracts/json.ts';
import type { Member } from './member.ts';

export interface Delegate {
  readonly kind: 'delegate';
  readonly name: string;
  readonly description: string;
  readonly subject: Member;
  readonly approval: boolean;
  /** What it does to the world is told call by call, by those who do it. */
  readonly effect: 'read';
  /** Of its input, for models. */
  readonly schema: JsonObject;
  /** The message that a call comes to. Throws `invalid` with what should be mended. */
  message(input: Json): { readonly type: string; readonly body: Json };
}
