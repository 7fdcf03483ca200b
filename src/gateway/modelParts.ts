/**
 * Reads what a model yields. Most parts are of a few shapes, and an answer has thousands of them: those are read here by hand, exactly as the schema reads
 * them. Everything else is for the schema.
 */
import { FinishReason, ModelPart } from '../contracts/model.ts';
import { plainCopy } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** The part that this is; an error of zod for what is none. */
export function readPart(value: unknown): ReturnType<typeof ModelPart.safeParse> {
  const data = usualPart(value);
  return data ? { success: true, data } : ModelPart.safeParse(value);
}

function usualPart(value: unknown): ModelPart | undefined {
  const part = propertiesOf(value);
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return typeof part.text === 'string' && hasKeys(part, 2) ? { type: part.type, text: part.text } : undefined;
    case 'call':
      return hasKeys(part, 2) ? usualCall(propertiesOf(part.call)) : undefined;
    case 'finish':
      return hasKeys(part, 4) ? usualFinish(part) : undefined;
    default:
      return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether these are all of its fields: others are left out by the schema. */
const hasKeys = (fields: Fields, count: number): boolean => Object.keys(fields).length === count;

function usualCall(call: Fields): ModelPart | undefined {
  const { id, name } = call;
  if (typeof id !== 'string' || typeof name !== 'string' || !hasKeys(call, 3)) return undefined;
  const input = plainCopy(call.input);
  return input === undefined ? undefined : { type: 'call', call: { id, name, input } };
}

const isReason = (reason: unknown): reason is FinishReason =>
  (FinishReason.options as readonly unknown[]).includes(reason);
const isAmount = (amount: unknown): amount is number => typeof amount === 'number' && amount >= 0 && amount < Infinity;

function usualFinish({ reason, model, usage }: Fields): ModelPart | undefined {
  const given = propertiesOf(usage);
  const { inputTokens, outputTokens, cachedTokens, reported, usd } = given;
  if (!isReason(reason) || typeof model !== 'string' || typeof reported !== 'boolean' || !hasKeys(given, 5))
    return undefined;
  if (!isAmount(inputTokens) || !isAmount(outputTokens) || !isAmount(cachedTokens)) return undefined;
  if (usd !== null && !isAmount(usd)) return undefined;
  return { type: 'finish', reason, usage: { inputTokens, outputTokens, cachedTokens, reported, usd }, model };
}
