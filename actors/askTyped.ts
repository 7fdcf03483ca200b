/** Asks a model for one value of a given shape. If the answer does not fit, the model is told why and asked once more; then it is a `format` failure. */
import * as z from 'zod';
import type { AgentDefinition } from '../src/contracts/agent.ts';
import type { EffectScope } from '../src/contracts/effect.ts';
import { TroupeError } from '../src/values/failure.ts';
import type { JsonObject } from '../src/values/json.ts';
import type { Message, Usage } from '../src/contracts/model.ts';
import type { ModelBill, ModelCallInput } from '../machines/agent/effectTypes.ts';
import { modelChoiceFor, modelScope, maxOutputFor } from './callModel.ts';
import { artifactsFor } from './artifact.ts';
import { readConversation } from './conversation.ts';
import { truncateHistory } from './history.ts';
import type { AgentDeps } from './tools.ts';

/** What a model is asked for. */
export interface TypedQuestion<T> {
  /** The name of the tool that the model is to call. */
  readonly name: string;
  readonly description: string;
  readonly instructions: string;
  /** The arguments of that call. */
  readonly shape: z.ZodType<T>;
}

const maxAttempts = 2;

export async function askTyped<T>(
  { name, description, instructions, shape }: TypedQuestion<T>,
  definition: AgentDefinition,
  deps: AgentDeps,
  callInput: ModelCallInput,
  scope: EffectScope,
): Promise<T & ModelBill & { model: string }> {
  const transcript = await readConversation(scope);
  // A JSON Schema is JSON, though zod's type for it allows for more.
  const input = z.toJSONSchema(shape, { io: 'input' }) as JsonObject;
  const artifacts = await artifactsFor(transcript, scope);
  let problem = '';
  let usage: Usage | undefined;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const ask: Message = { role: 'user', text: `${instructions} Call ${name}.${problem}` };
    const request = {
      instructions: definition.instructions,
      messages: [...truncateHistory(transcript, definition.maxHistory), ask],
      ...artifacts,
      tools: [{ name, description, input }],
      ...maxOutputFor(definition, callInput),
    };
    const answer = await deps.gateway.answer(
      modelChoiceFor(definition, callInput, deps.gateway),
      request,
      modelScope(scope),
    );
    usage = usage ? sum(usage, answer.usage) : answer.usage;
    const call = answer.calls.find((made) => made.name === name);
    const parsed = shape.safeParse(call?.input);
    if (parsed.success) return { ...parsed.data, usage, answers: attempt, model: answer.model };
    problem = call
      ? ` Your last call did not fit: ${z.prettifyError(parsed.error)}`
      : ' Your last answer did not call it.';
  }
  throw new TroupeError('format', `The model did not call "${name}" as asked, ${maxAttempts} times.${problem}`, {
    // The answers are paid for, although they cannot be used.
    data: { ...(usage === undefined ? {} : { usage }), answers: maxAttempts },
  });
}

const sum = (a: Usage, b: Usage): Usage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  reported: a.reported && b.reported,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
});
