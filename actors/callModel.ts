/** One turn of the model: the request from the transcript and the tools, and what the answer means. */
import type { AgentDefinition, AgentLimits } from '../src/contracts/agent.ts';
import type { EffectScope } from '../src/contracts/effect.ts';
import { withDefaults } from '../src/values/json.ts';
import { madeInWords } from '../src/contracts/parts.ts';
import type { FailedAttempts, ModelAnswer } from '../src/contracts/model.ts';
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
import { modelChoiceFor } from './modelChoice.ts';
import { affordableOutput, estimateOf, shortOf } from './reserve.ts';
import type { AgentDeps } from './tools.ts';

/** The definition of an agent for a task whose message has this type. */
export type DefinitionFor = (message: string) => AgentDefinition;

export const callModel = (define: DefinitionFor, limits: AgentLimits, deps: AgentDeps) =>
  effect<ParsedAnswer, ModelCallInput>(async (callInput, scope) => {
    const definition = define(callInput.message);
    const offer = await toolOfferOf(definition, deps, callInput.tier, scope);
    const { instructions, temperature } = definition;
    const conversation = await readConversation(scope);
    const messages = truncateHistory(conversation.messages, definition.maxHistory, conversation);
    const unlimited = {
      instructions,
      messages,
      ...(conversation.hasArtifacts ? await artifactsFor(messages, scope) : {}),
      tools: offer.specs,
      ...(temperature === undefined ? {} : { temperature }),
    };
    const choice = modelChoiceFor(definition, callInput, deps.gateway);
    const own = ownLimits(withDefaults(defaultAgentBudget, definition.budget), callInput);
    const budget = lowerBudget(own, callInput.allowance);
    const estimate = estimateOf(definition, choice, unlimited, callInput, deps.gateway);
    const short = estimate && shortOf(callInput, estimate, own);
    if (short) return short;
    const maxOutput = estimate
      ? affordableOutput(estimate, budget, callInput.used)
      : maxOutputFor(definition, callInput);
    const request = { ...unlimited, ...maxOutput };
    let shown = '';
    const { media, ...answer } = await deps.gateway.answer(
      choice,
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
