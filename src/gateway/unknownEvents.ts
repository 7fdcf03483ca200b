/** Events of kinds that the provider's client does not know. Providers add some, and say that a client has to pass over them. */
import { isJsonObject, type Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** The events, blocks and pieces of blocks of Anthropic that an answer is made of. One of them in another form is a broken answer, never an unknown event. */
const known: Readonly<Record<'event' | 'content_block' | 'delta', ReadonlySet<string>>> = {
  event: new Set([
    'message_start',
    'message_delta',
    'message_stop',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'error',
  ]),
  content_block: new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']),
  delta: new Set(['text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta']),
};

/** Whether this error of the AI SDK says no more than that an event has a kind which it does not know. */
export function isUnknownEvent(error: unknown): boolean {
  const { name, value } = propertiesOf(error);
  return name === 'AI_TypeValidationError' && isUnknown(value as Json);
}

function isUnknown(event: Json): boolean {
  if (!isJsonObject(event)) return false;
  // A part of an answer, or an error, of any provider.
  if (['choices', 'candidates', 'error'].some((field) => event[field] !== undefined)) return false;
  // So some servers say that they have failed.
  if (event['object'] === 'error') return false;
  const { type } = event;
  if (type === undefined) return true;
  if (typeof type !== 'string') return false;
  if (!known.event.has(type)) return true;
  return (['content_block', 'delta'] as const).some((part) => {
    const { type: kind } = propertiesOf(event[part]);
    return typeof kind === 'string' && !known[part].has(kind);
  });
}
