/** Recognises a message that was handled before: nothing happens twice, and the caller gets the answer that was given (E1). */
import type { Envelope } from '../contracts/envelope.ts';
import { TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { Journal } from '../journal/journal.ts';

const { isDeepStrictEqual } = process.getBuiltinModule('node:util');

/** False when the message is new; throws `conflict` when it is another message under a used id. `asker` is set for an ask. */
export async function wasHandled(
  journal: Journal,
  to: Address,
  { id, body, asker }: { id: string; body: Json; asker: Address | undefined },
  answer: (reply: Envelope) => void,
): Promise<boolean> {
  const handled = await journal.handled(to, id);
  if (!handled) return false;
  if (!isDeepStrictEqual(handled.body, body)) {
    throw new TroupeError(
      'conflict',
      `${to} handled a message with id ${id} and another body. Use a new id for a new message.`,
    );
  }
  // The caller may ask again from another address: the process that asked first may be gone.
  if (asker !== undefined && handled.reply) answer({ ...handled.reply, to: asker });
  return true;
}
