/** `ctx.llm` by way of the gateway, so that its retries, prices and groups of models hold. */
import type { FlowDeps, LlmAnswer } from '../../actors/flow/deps.ts';
import type { Model, ModelAnswer, ModelChoice } from '../contracts/model.ts';
import { llmRequest } from '../flow/llmRequest.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { CredentialSource } from '../gateway/modelKeys.ts';
import { TroupeError } from '../values/failure.ts';
import type { JsonObject } from '../values/json.ts';

/** Asks the model that a call names, or else that of its run. */
export const flowModels =
  (gateway: Pick<Gateway, 'answer' | 'credentialSource'>): NonNullable<FlowDeps['llm']> =>
  async (prompt, { model, ...options }, { clock, key, signal, deadline, progress }): Promise<LlmAnswer> => {
    const { messages, request } = llmRequest(prompt, options);
    const choice = requireModel(model);
    const began = clock.now();
    const answer = await gateway.answer(choice, request, { key, signal, deadline, progress });
    if (answer.text.trim() === '')
      throw new TroupeError(
        'model',
        `${answer.model} gave no text (${answer.rawReason ?? answer.reason}). Ask in another way, or for more tokens.`,
      );
    // What was said up to a filter is half a text, and no answer.
    if (answer.reason === 'refused')
      throw new TroupeError(
        'model',
        `${answer.model} broke its answer off (${answer.rawReason ?? answer.reason}). Ask in another way, or another model.`,
      );
    return {
      text: answer.text,
      messages,
      facts: factsOf(choice, answer, clock.now() - began, gateway.credentialSource(answer.model)),
    };
  };

function requireModel(model: ModelChoice | undefined): ModelChoice {
  if (typeof model === 'string' ? model.trim() !== '' : model !== undefined) return model!;
  throw new TroupeError(
    'invalid',
    model === undefined
      ? 'ctx.llm has no model. Name one: ctx.llm(prompt, { model: "openai:gpt-5-mini" }), flow(name, { model }), configure({ model }), or TROUPE_MODEL.'
      : 'ctx.llm is given an empty name of a model. Name one such as "openai:gpt-5-mini", or leave it out for that of the run.',
  );
}

function factsOf(
  choice: ModelChoice,
  { model, usage, reason, failed }: ModelAnswer,
  latency: number,
  credentialSource: CredentialSource | undefined,
): JsonObject {
  const { inputTokens, outputTokens, reported, usd } = usage;
  return {
    requested_model: nameOf(choice),
    resolved_model: model,
    ...(credentialSource === undefined ? {} : { credential_source: credentialSource }),
    latency_ms: latency,
    tokens_input: inputTokens,
    tokens_output: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(reported ? {} : { tokens_estimated: true }),
    ...(usd === null ? {} : { cost_usd: usd }),
    finish_reason: reason,
    ...(failed ? { failed_attempts: failed.answers } : {}),
  };
}

const nameOf = (choice: ModelChoice): string =>
  [choice]
    .flat()
    .map((entry: string | Model) => (typeof entry === 'string' ? entry : entry.id))
    .join(', ');
