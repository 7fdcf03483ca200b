/** One turn of the model: what it is shown, what it may call, and what its answer means. */
import type { AgentDefinition, AgentLimits } from '../src/contracts/agent.ts';
import type { EffectScope } from '../src/contracts/effect.ts';
import type { Json } from '../src/contracts/json.ts';
import type { ModelChoice } from '../src/contracts/model.ts';
import type { Reading, Thinking } from '../machines/agent/turn.ts';
import { tighter, tokensOf } from '../machines/agent/money.ts';
import { conversationOf } from './conversation.ts';
import { effect } from './effect.ts';
import { elide } from './history.ts';
import { offerOf } from './offer.ts';
import { readAnswer } from './readAnswer.ts';
import type { AgentDeps } from './tools.ts';

export type Define = (message: string) => AgentDefinition;

export const callModel = (define: Define, limits: AgentLimits, deps: AgentDeps) =>
  effect<Reading, Thinking>(async (thinking, scope) => {
    const definition = define(thinking.message);
    const offer = await offerOf(definition, deps, thinking.tier, scope);
    const { instructions, temperature } = definition;
    const request = {
      instructions,
      messages: elide(await conversationOf(scope), definition.maxHistory),
      tools: offer.specs,
      ...outputRoom(definition, thinking),
      ...(temperature === undefined ? {} : { temperature }),
    };
    const answer = await deps.gateway.answer(
      choiceOf(definition, thinking.fallbacks),
      request,
      modelScope(scope),
      (part) => scope.progress(part as unknown as Json),
    );
    const { toolCalls = Infinity } = tighter(definition.budget ?? {}, thinking.allowance);
    return readAnswer(answer, { definition, offer, limits, callsLeft: toolCalls - thinking.used.toolCalls });
  });

export const modelScope = ({ key, signal, deadline, progress }: EffectScope) => ({ key, signal, deadline, progress });

/** After a fallback the next of the definition's answers; the last one stays. */
export const choiceOf = ({ model, fallbacks = [] }: AgentDefinition, taken: number): ModelChoice =>
  (taken > 0 ? fallbacks[Math.min(taken, fallbacks.length) - 1] : undefined) ?? model;

/** Never more output than the budget has left beside the input that is expected. */
export function outputRoom(
  { maxOutputTokens, budget }: AgentDefinition,
  { used, expected, allowance }: Thinking,
): { maxOutputTokens?: number } {
  const { tokens } = tighter(budget ?? {}, allowance);
  const left = tokens === undefined ? Infinity : Math.max(1, tokens - tokensOf(used) - expected);
  const room = Math.min(maxOutputTokens ?? Infinity, left);
  return Number.isFinite(room) ? { maxOutputTokens: room } : {};
}
