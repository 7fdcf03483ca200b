/** One turn of the model: the request from the transcript and the tools, and what the answer means. */
import type { AgentDefinition, AgentLimits } from '../src/contracts/agent.ts';
import type { EffectScope } from '../src/contracts/effect.ts';
import { withDefaults } from '../src/values/json.ts';
import { madeInWords } from '../src/contracts/media.ts';
import type { FailedAttempts, Model, ModelAnswer, ModelChoice } from '../src/contracts/model.ts';
import type { ParsedAnswer, ModelCallInput } from '../machines/agent/effectTypes.ts';
import { defaultAgentBudget } from '../machines/agent/settings.ts';
import { exhaustedFailure, remainingShare, lowerBudget } from '../machines/agent/budget.ts';
import { chargedAttempts, chargedUsage, tokensOfAttempt, totalTokens } from '../machines/usage.ts';
import { ownLimits } from '../machines/agent/funding.ts';
import { asJson } from '../src/values/json.ts';
import { artifactOf, artifactsFor } from './artifact.ts';
import { readConversation } from './conversation.ts';
import { factsOf } from './definitionFacts.ts';
import { effect } from './effect.ts';
import { truncateHistory } from './history.ts';
import { toolOfferOf } from './toolOffer.ts';
import { parseAnswer } from './parseAnswer.ts';
import type { AgentDeps, ModelGateway } from './tools.ts';

/** The definition of an agent for a task whose message has this type. */
export type DefinitionFor = (message: string) => AgentDefinition;

export const callModel = (define: DefinitionFor, limits: AgentLimits, deps: AgentDeps) =>
  effect<ParsedAnswer, ModelCallInput>(async (callInput, scope) => {
    const definition = define(callInput.message);
    const offer = await toolOfferOf(definition, deps, callInput.tier, scope);
    const { instructions, temperature } = definition;
    const conversation = await readConversation(scope);
    const messages = truncateHistory(conversation.messages, definition.maxHistory, conversation);
    const maxOutput = maxOutputFor(definition, callInput);
    const request = {
      instructions,
      messages,
      ...(conversation.hasArtifacts ? await artifactsFor(messages, scope) : {}),
      tools: offer.specs,
      ...maxOutput,
      ...(temperature === undefined ? {} : { temperature }),
    };
    let shown = '';
    const { media, ...answer } = await deps.gateway.answer(
      modelChoiceFor(definition, callInput, deps.gateway),
      request,
      modelScope(scope),
      (part, text) => {
        // Also when another attempt has begun, and its text is shorter.
        if (text !== shown) scope.soFar?.({ text });
        shown = text;
        scope.progress(asJson(part));
      },
      mayTryAgain(definition, callInput),
    );
    const budget = lowerBudget(
      ownLimits(withDefaults(defaultAgentBudget, definition.budget), callInput),
      callInput.allowance,
    );
    const callsLeft = (budget.toolCalls ?? Infinity) - callInput.used.toolCalls;

    const used = chargedUsage(chargedAttempts(callInput.used, answer.failed), answer.usage);
    const left = (shares: number) => remainingShare(budget, used, shares);
    const parsed = parseAnswer(withMedia(answer, media), { definition, offer, limits, callsLeft, left, ...maxOutput });
    return { ...parsed, definition: factsOf(definition) };
  });

/** What the model made becomes artifacts, which its text names. */
function withMedia(
  answer: ModelAnswer,
  media: ModelAnswer['media'] = [],
): ModelAnswer & Pick<ParsedAnswer, 'artifacts'> {
  if (media.length === 0) return answer;
  const artifacts = media.map(({ data, mediaType }) => artifactOf(data, mediaType));
  const text = [answer.text, ...artifacts.map(madeInWords)].filter((each) => each !== '').join('\n');
  return { ...answer, text, artifacts };
}

/** Whether the budget has room for another attempt after those that failed. */
export const mayTryAgain =
  ({ budget }: AgentDefinition, { used, expected, allowance, ...callInput }: ModelCallInput) =>
  (failed: FailedAttempts): boolean => {
    const own = ownLimits(withDefaults(defaultAgentBudget, budget), callInput);
    const latest = {
      tokens: Math.max(expected, tokensOfAttempt(failed)),
      usd: (failed.usage.usd ?? 0) / failed.answers,
    };
    return exhaustedFailure({ used: chargedAttempts(used, failed), latest, allowance }, own) === undefined;
  };

export const modelScope = ({ key, signal, deadline, progress }: EffectScope) => ({ key, signal, deadline, progress });

/** The models that a choice stands for, in order of preference. */
export const modelsOf = (choice: ModelChoice, gateway: Pick<ModelGateway, 'models'>): readonly (string | Model)[] =>
  gateway.models?.(choice) ?? [choice].flat();

/** The model for the next call: after a fallback the next one of the definition, up to the last one; if it must be cheaper, one further down. */
export function modelChoiceFor(
  { model, fallbacks = [] }: Pick<AgentDefinition, 'model' | 'fallbacks'>,
  { fallbacks: taken, cheaper = 0 }: Pick<ModelCallInput, 'fallbacks' | 'cheaper'>,
  gateway: Pick<ModelGateway, 'models'>,
): ModelChoice {
  const own = cheaper > 0 ? modelsOf(model, gateway) : [];
  if (taken === 0 && cheaper < own.length) return own.slice(cheaper);
  const further = taken + Math.max(0, cheaper - Math.max(0, own.length - 1));
  return (further > 0 ? fallbacks[Math.min(further, fallbacks.length) - 1] : undefined) ?? model;
}

/** The most output that the budget leaves beside the expected input. */
export function maxOutputFor(
  { maxOutputTokens, budget }: AgentDefinition,
  { used, expected, allowance, ...callInput }: ModelCallInput,
): { maxOutputTokens?: number } {
  const { tokens } = lowerBudget(ownLimits(budget ?? {}, callInput), allowance);
  const left = tokens === undefined ? Infinity : Math.max(1, tokens - totalTokens(used) - expected);
  const room = Math.min(maxOutputTokens ?? Infinity, left);
  return Number.isFinite(room) ? { maxOutputTokens: room } : {};
}
