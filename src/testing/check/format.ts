/** Short words for what happens, as traces and diagrams show it. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Json } from '../../values/json.ts';
import { jsonObject, jsonText } from '../jsonValues.ts';

/** JSON that fits on a line of a diagram. */
export const shortJson = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
};

/** `xstate.after.deadline.run.active` is known as `deadline`. */
export const timerWords = (type: string): string => /^xstate\.after\.([^.]+)\./.exec(type)?.[1] ?? type;

/** What a message between actors says. */
export function messageWords({ type, body }: Envelope): string {
  const { output = null, error } = jsonObject(body);
  if (type.startsWith('xstate.done.')) return `ends with ${shortJson(output)}`;
  if (type.startsWith('xstate.error.')) return `fails: ${jsonText(jsonObject(error)['kind'], 'internal')}`;
  return type;
}

/** The type of a sender that has ended, from its address. */
export const senderTypeOf = ({ from }: Envelope): string => from.slice(0, from.indexOf('/'));
