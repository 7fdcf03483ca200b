/** Translates between the gateway's HTTP contract and the requests and answers of models. */
import type {
  GatewayInvokeAnswer,
  GatewayInvokeRequest,
  InvokeMessage,
} from '../../contracts/workflow/gatewayInvoke.ts';
import type { MediaPart } from '../../contracts/media.ts';
import {
  ProviderContent,
  type Message,
  type ModelAnswer,
  type ModelRequest,
  type ToolCall,
} from '../../contracts/model.ts';
import { partsIn } from '../../contracts/parts.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { gatewayError } from './codes.ts';

/** The tokens of an answer when a request does not say. */
const defaultTokens = 1_024;

/** The request for a model. System messages are joined, in their order. Throws `invalid` with the code `invalid_request`. */
export function modelRequestOf({ messages, max_tokens, temperature, tools }: GatewayInvokeRequest): ModelRequest {
  const system = messages.filter(({ role }) => role === 'system').map(contentOf);
  const data = new Map(
    messages.flatMap(({ parts }) => (parts ?? []).map((part) => [part.artifact, part.data] as const)),
  );
  return {
    instructions: system.join('\n\n'),
    messages: conversation(messages),
    tools: (tools ?? []).map(({ name, description, input_schema }) => ({
      name,
      description,
      input: input_schema ?? { type: 'object' },
    })),
    maxOutputTokens: max_tokens || defaultTokens,
    ...(temperature === null || temperature === undefined ? {} : { temperature }),
    ...(data.size === 0 ? {} : { artifact: (id) => data.get(id) }),
  };
}

const contentOf = ({ content }: InvokeMessage): string => content ?? '';

/** Results of calls are put into one message, behind the message that made the calls. */
function conversation(messages: readonly InvokeMessage[]): readonly Message[] {
  const said: Message[] = [];
  const names = new Map<string, string>();
  for (const message of messages) {
    const { role, tool_calls, tool_call_id, is_error, provider } = message;
    const content = contentOf(message);
    const parts = partsIn((message.parts ?? []).map(({ data: _, ...part }): MediaPart => part));
    if (role === 'user') said.push({ role, text: content, ...parts });
    else if (role === 'assistant') {
      const calls = (tool_calls ?? []).map(callOf);
      for (const { id, name } of calls) names.set(id, name);
      said.push({ role, text: content, calls, ...parts, ...providerIn(provider) });
    } else if (role === 'tool') {
      const id = tool_call_id ?? '';
      const name = names.get(id);
      const last = said.at(-1);
      if (name === undefined || (last?.role !== 'tool' && last?.role !== 'assistant'))
        throw gatewayError(
          'invalid_request',
          'invalid',
          `A message of the role tool answers a call of the message before it; there is no call with the id ${JSON.stringify(id)}.`,
        );
      const result = { id, name, ok: is_error !== true, content, ...parts };
      if (last.role === 'tool') last.results.push(result);
      else said.push({ role, results: [result] });
    }
  }
  return said;
}

/** The answer as the contract has it. */
export function invokeAnswerOf({
  text,
  calls,
  usage,
  failed,
  model,
  reason,
  provider,
}: ModelAnswer): GatewayInvokeAnswer {
  return {
    content: text,
    model_resolved: model,
    tokens_in: usage.inputTokens,
    tokens_out: usage.outputTokens,
    cost_usd: (usage.usd ?? 0) + (failed?.usage.usd ?? 0),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(invokeCallOf) }),
    ...(reason === 'length' || reason === 'refused' ? { finish_reason: reason } : {}),
    ...(provider === undefined ? {} : { provider: { ...provider } }),
  };
}

/** What a provider wants back. Anything of another form is left out: it would mean nothing to it. */
export function providerIn(given: unknown): Pick<ModelAnswer, 'provider'> {
  const { data: provider } = ProviderContent.safeParse(given);
  return provider ? { provider } : {};
}

type InvokeCall = NonNullable<InvokeMessage['tool_calls']>[number];

/** A call as the contract has it. What a model wrote that is no object stays readable. */
export const invokeCallOf = ({ id, name, input, unreadable, inexact }: ToolCall): InvokeCall => ({
  id,
  name,
  arguments:
    unreadable === undefined && isJsonObject(input) ? { ...input } : { _raw: unreadable ?? JSON.stringify(input) },
  ...(inexact === undefined ? {} : { inexact }),
});

/** A call of the contract as agents have it: the other way round. */
export const callOf = ({ id, name, arguments: input, inexact }: InvokeCall): ToolCall => ({
  id,
  name,
  ...inputOf(input),
  ...(inexact ? { inexact } : {}),
});

function inputOf(input: InvokeCall['arguments']): Pick<ToolCall, 'input' | 'unreadable'> {
  const { _raw: written, ...others } = input;
  if (typeof written !== 'string' || Object.keys(others).length > 0) return { input };
  try {
    // Only valid JSON gets further.
    return { input: JSON.parse(written) as Json };
  } catch {
    return { input: null, unreadable: written };
  }
}
