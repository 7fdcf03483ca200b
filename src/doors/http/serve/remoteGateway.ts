/** The models of a gateway in another process, for the agents of this one. */
import type { ModelGateway } from '../../../../actors/tools.ts';
import type { Message, ModelRequest, ModelScope } from '../../../contracts/model.ts';
import type { FailureKind } from '../../../values/failure.ts';
import { toFailure, TroupeError } from '../../../values/failure.ts';
import { backoff } from '../../../values/backoff.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import type { GatewayErrorCode } from '../../../gateway/groups/codes.ts';
import { plausibleUsage } from '../../../gateway/tokens.ts';
import { callOf, invokeCallOf, providerIn } from '../../../gateway/groups/invoke.ts';
import type { MediaPart } from '../../../contracts/media.ts';
import type { InvokeMessage } from '../../../contracts/workflow/gatewayInvoke.ts';
import type { ModelInvocation, ModelUsage } from '../contracts/modelRequest.ts';
import type { GatewayService } from '../gateway.ts';

/** How often a gateway that is away is asked in all, and the pauses in milliseconds: about 15 seconds in the mean, in which it may be started anew. */
const attempts = 7;
const pauses = { first: 500, longest: 16_000 };

/** Asks a gateway of another process. A choice is the name of one group. What providers refuse, the gateway itself has tried again; here only the way to it is. */
export const remoteGateway = (service: GatewayService, clock: Clock): ModelGateway => ({
  async answer(choice, request, scope, onPart) {
    if (typeof choice !== 'string')
      throw new TroupeError('definition', 'With a gateway of another process a model is the name of one group.');
    const result = await whenReached(() => service.invoke(invocation(choice, request, scope), scope.signal));
    if ('error' in result) {
      const { error: code, message, retryable, used } = result;
      throw new TroupeError(kindOf(code, retryable), message, {
        retryable,
        data: { code, ...(used ? { usage: usageOf(used) } : {}) },
      });
    }
    const { content, tokens_in, tokens_out, cost_usd, model_resolved: model } = result;
    const calls = result.tool_calls ?? [];
    const { finish_reason: reason = calls.length > 0 ? 'calls' : 'stop', provider } = result;
    onPart?.({ type: 'text', text: content }, content);
    return {
      text: content,
      calls: calls.map(callOf),
      reason,
      ...providerIn(provider),
      usage: plausibleUsage(
        { ...usageOf({ tokens_in, tokens_out, cost_usd }), reported: true },
        request,
        content.length + JSON.stringify(calls).length - '[]'.length,
      ),
      model,
    };

    async function whenReached<T>(ask: () => Promise<T>): Promise<T> {
      for (let attempt = 1; ; attempt++) {
        try {
          return await ask();
        } catch (thrown) {
          const { kind, retryAfter } = toFailure(thrown);
          const pause = retryAfter ?? backoff(attempt, pauses, clock.random());
          const isLate = clock.now() + pause >= (scope.deadline ?? Infinity);
          if (kind !== 'transient' || attempt >= attempts || isLate) throw thrown;
          await sleep(clock, pause, scope.signal);
        }
      }
    }
  },
});

const usageOf = ({ tokens_in, tokens_out, cost_usd }: ModelUsage) => ({
  inputTokens: tokens_in,
  outputTokens: tokens_out,
  cachedTokens: 0,
  reported: false,
  usd: cost_usd,
});

const kindOf = (code: GatewayErrorCode, retryable: boolean): FailureKind => {
  if (retryable) return 'transient';
  // That of the account at the provider; `budget` is the one of the run.
  if (code === 'budget_exceeded') return 'auth';
  return code === 'provider_error' ? 'model' : code === 'invalid_request' ? 'invalid' : 'definition';
};

const invocation = (
  group: string,
  request: ModelRequest,
  { key, about, budgetUsd }: Pick<ModelScope, 'key' | 'about' | 'budgetUsd'>,
): ModelInvocation => {
  const { instructions, messages, tools, maxOutputTokens = 0, temperature, artifact } = request;
  return {
    run_id: about?.run ?? key,
    step_id: about?.step ?? key,
    group,
    messages: [
      ...(instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]),
      ...messages.flatMap((message) => spoken(message, artifact)),
    ],
    max_tokens: maxOutputTokens,
    ...(budgetUsd === undefined ? {} : { budget_usd: Math.max(0, budgetUsd) }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(tools.length === 0
      ? {}
      : { tools: tools.map(({ name, description, input }) => ({ name, description, input_schema: { ...input } })) }),
  };
};

function spoken(message: Message, artifact: ModelRequest['artifact']): InvokeMessage[] {
  const withBytes = (parts: readonly MediaPart[] | undefined): Pick<InvokeMessage, 'parts'> =>
    parts === undefined
      ? {}
      : { parts: parts.map(({ at: _, ...part }) => ({ ...part, data: artifact?.(part.artifact) })) };
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: message.text, ...withBytes(message.parts) }];
    case 'assistant': {
      const { text, calls, parts, provider } = message;
      return [
        {
          role: 'assistant',
          content: text,
          ...(calls.length === 0 ? {} : { tool_calls: calls.map(invokeCallOf) }),
          ...withBytes(parts),
          ...(provider === undefined ? {} : { provider: { ...provider } }),
        },
      ];
    }
    case 'tool':
      return message.results.map(({ id, content, ok, parts }) => ({
        role: 'tool',
        content,
        tool_call_id: id,
        ...(ok ? {} : { is_error: true }),
        ...withBytes(parts),
      }));
  }
}
