/** Translates between the gateway's HTTP contract and the requests and answers of models. */
import { GatewayInvokeRequest, type GatewayInvokeAnswer } from '../../contracts/workflow/gatewayInvoke.ts';
import type { Message, ModelAnswer, ModelRequest } from '../../contracts/model.ts';
import { describeMismatch } from '../../values/explain.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import { gatewayError } from './codes.ts';

/** The body of a request, checked. Throws `invalid` with the code `invalid_request`. */
export function parseInvoke(body: unknown): GatewayInvokeRequest {
  const parsed = GatewayInvokeRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid(
    `A call of a model group is { run_id, step_id, group, messages, max_tokens, temperature?, tools? }; ${describeMismatch(parsed.error, body)}.`,
  );
}

const invalid = (message: string) => gatewayError('invalid_request', 'invalid', message);

/** The request for a model. System messages are joined, in their order. */
export function modelRequestOf({ messages, max_tokens, temperature, tools }: GatewayInvokeRequest): ModelRequest {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  return {
    instructions: system.join('\n\n'),
    messages: conversation(messages),
    tools: (tools ?? []).map(({ name, description, input_schema }) => ({ name, description, input: input_schema })),
    maxOutputTokens: max_tokens,
    ...(temperature === null || temperature === undefined ? {} : { temperature }),
  };
}

/** Results of calls are put into one message, behind the message that made the calls. */
function conversation(messages: GatewayInvokeRequest['messages']): readonly Message[] {
  const said: Message[] = [];
  const names = new Map<string, string>();
  for (const { role, content, tool_calls, tool_call_id } of messages) {
    if (role === 'user') said.push({ role, text: content });
    else if (role === 'assistant') {
      const calls = (tool_calls ?? []).map(({ id, name, arguments: input }) => ({ id, name, input }));
      for (const { id, name } of calls) names.set(id, name);
      said.push({ role, text: content, calls });
    } else if (role === 'tool') {
      const id = tool_call_id ?? '';
      const name = names.get(id);
      const last = said.at(-1);
      if (name === undefined || (last?.role !== 'tool' && last?.role !== 'assistant'))
        throw invalid(
          `A message of the role tool answers a call of the message before it; there is no call with the id ${JSON.stringify(id)}.`,
        );
      const result = { id, name, ok: true, content };
      if (last.role === 'tool') last.results.push(result);
      else said.push({ role, results: [result] });
    }
  }
  return said;
}

/** The answer as the contract has it. */
export function invokeAnswerOf({ text, calls, usage, failed, model }: ModelAnswer): GatewayInvokeAnswer {
  return {
    content: text,
    model_resolved: model,
    tokens_in: usage.inputTokens,
    tokens_out: usage.outputTokens,
    cost_usd: (usage.usd ?? 0) + (failed?.usage.usd ?? 0),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ id, name, input, unreadable }) => ({
            id,
            name,
            arguments: argumentsOf(input, unreadable),
          })),
        }),
  };
}

/** What a model wrote that is no object stays readable. */
const argumentsOf = (input: Json, unreadable: string | undefined): JsonObjectOut =>
  // Zod's type of JSON can be written to; the value is the same.
  (unreadable === undefined && isJsonObject(input)
    ? input
    : { _raw: unreadable ?? JSON.stringify(input) }) as JsonObject as JsonObjectOut;

type JsonObjectOut = NonNullable<GatewayInvokeAnswer['tool_calls']>[number]['arguments'];
