/** Asks a model for one value of a given shape. If the answer does not fit, the model is told why and asked once more; then it is a `format` failure. */
import * as z from 'zod';
import type { AgentDefinition } from '../src/contracts/agent.ts';
import type { EffectScope } from '../src/contracts/effect.ts';
import { fromFailure, toFailure, TroupeError } from '../src/values/failure.ts';
import { asJson, isJsonObject, type JsonObject } from '../src/values/json.ts';
import { FailedAttempts, type Message, type ModelAnswer } from '../src/contracts/model.ts';
import type { ModelBill, ModelCallInput } from '../machines/agent/effectTypes.ts';
import { artifactsFor } from './artifact.ts';
import { mayTryAgain, modelScope, maxOutputFor } from './callModel.ts';
import { readConversation } from './conversation.ts';
import { truncateHistory } from './history.ts';
import { modelChoiceFor } from './modelChoice.ts';
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
  const conversation = await readConversation(scope);
  // A JSON Schema is JSON, though zod's type for it allows for more.
  const input = z.toJSONSchema(shape, { io: 'input' }) as JsonObject;
  const artifacts = conversation.hasArtifacts ? await artifactsFor(conversation.messages, scope) : {};
  const history = truncateHistory(conversation.messages, definition.maxHistory, conversation);
  let problem = '';
  let bill: FailedAttempts = nothing;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const ask: Message = { role: 'user', text: `${instructions} Call ${name}.${problem}` };
    const request = {
      instructions: definition.instructions,
      messages: [...history, ask],
      ...artifacts,
      tools: [{ name, description, input }],
      ...maxOutputFor(definition, callInput),
    };
    const before = bill;
    const answer = await deps.gateway
      .answer(modelChoiceFor(definition, callInput, deps.gateway), request, modelScope(scope), undefined, (failed) =>
        mayTryAgain(definition, callInput)(sum(before, failed)),
      )
      .catch((thrown: unknown) => {
        throw withBill(thrown, before);
      });
    bill = sum(sum(bill, answer.failed), { usage: answer.usage, answers: 1 });
    if (answer.reason === 'refused') throw withBill(refusal(answer), bill);
    const call = answer.calls.find((made) => made.name === name);
    const parsed = shape.safeParse(call?.input);
    if (parsed.success && answer.reason !== 'length') return { ...parsed.data, ...bill, model: answer.model };
    problem =
      answer.reason === 'length'
        ? ' Your last answer was cut off at the limit of its length. Answer shorter.'
        : call && !parsed.success
          ? ` Your last call did not fit: ${z.prettifyError(parsed.error)}`
          : ' Your last answer did not call it.';
  }
  throw withBill(
    new TroupeError('format', `The model did not call "${name}" as asked, ${maxAttempts} times.${problem}`),
    bill,
  );
}

const refusal = ({ text, rawReason = 'refused' }: ModelAnswer): TroupeError =>
  new TroupeError('model', `The model refused: ${text.trim() === '' ? rawReason : text}`);

/** The failure with what was used until then: answers are paid for, although they cannot be used. */
function withBill(thrown: unknown, before: FailedAttempts): TroupeError {
  const failure = toFailure(thrown);
  const own = FailedAttempts.safeParse(failure.data);
  const { usage, answers } = sum(before, own.success ? own.data : undefined);
  const data = isJsonObject(failure.data) ? failure.data : {};
  return fromFailure({ ...failure, data: { ...data, ...(answers > 0 ? { usage: asJson(usage), answers } : {}) } });
}

const nothing: FailedAttempts = {
  answers: 0,
  usage: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reported: true, usd: 0 },
};

const sum = (bill: FailedAttempts, more: FailedAttempts = nothing): FailedAttempts => ({
  answers: bill.answers + more.answers,
  usage: {
    inputTokens: bill.usage.inputTokens + more.usage.inputTokens,
    outputTokens: bill.usage.outputTokens + more.usage.outputTokens,
    cachedTokens: bill.usage.cachedTokens + more.usage.cachedTokens,
    reported: bill.usage.reported && more.usage.reported,
    usd: bill.usage.usd === null || more.usage.usd === null ? null : bill.usage.usd + more.usage.usd,
  },
});
