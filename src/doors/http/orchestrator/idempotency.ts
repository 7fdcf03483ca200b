/** The same invocation sent twice is one run: its key becomes the id of the run. */
import { createHash } from 'node:crypto';
import { HttpRefusal } from '../base/refusal.ts';

/** The header that names an invocation. */
export const idempotencyHeader = 'idempotency-key';

/** The id of the run that a key of a workflow stands for; undefined without a key. Throws a refusal for a key that is none. */
export function keyedRunId(workflow: string, headers: Headers): string | undefined {
  // The id of a message that is signed is its key, as Standard Webhooks has it: it is sent again under the same one. It comes first:
  // the other header is not signed, and with it anybody who has seen the request could begin further runs.
  const signed = headers.has('webhook-signature') ? headers.get('webhook-id') : null;
  const key = signed ?? headers.get(idempotencyHeader);
  if (key === null) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new HttpRefusal(400, 'invalid', 'Idempotency-Key is 1 to 255 visible ASCII characters without spaces.');
  return `run_${createHash('sha256').update(`${workflow}\0${key}`).digest('hex').slice(0, 32)}`;
}
