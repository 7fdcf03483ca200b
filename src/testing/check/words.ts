/** What happens, in a few words. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Json } from '../../contracts/json.ts';

/** JSON that fits on a line of a diagram. */
export const short = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
};

/** `xstate.after.deadline.run.active` is known as `deadline`. */
export const timerWords = (type: string): string => /^xstate\.after\.([^.]+)\./.exec(type)?.[1] ?? type;

export function mailWords({ type, body }: Envelope): string {
  const end = (body ?? {}) as { output?: Json; error?: { kind?: string } };
  if (type.startsWith('xstate.done.')) return `ends with ${short(end.output ?? null)}`;
  if (type.startsWith('xstate.error.')) return `fails: ${end.error?.kind ?? 'internal'}`;
  return type;
}

/** Who has ended is known by its type. */
export const goneWords = ({ from }: Envelope): string => from.slice(0, from.indexOf('/'));
