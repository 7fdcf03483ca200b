/** Whether a call of the model may be made with what is left: the most that it can cost is reserved before it is made. */
import type { AgentDefinition, AgentUsage, Budget } from '../src/contracts/agent.ts';
import type { CallEstimate, ModelChoice, ModelRequest } from '../src/contracts/model.ts';
import type { ModelCallInput, ParsedAnswer } from '../machines/agent/effectTypes.ts';
import { budgetOfUsage, mapBudget, rounding } from '../machines/treasury/ledger.ts';
import { totalTokens } from '../machines/usage.ts';
import { modelsOf } from './modelChoice.ts';
import type { ModelGateway } from './tools.ts';

/** An answer for which there is room for fewer tokens would only be cut off. */
const shortestAnswer = 256;

const costOf = ({ inputTokens, price }: CallEstimate, outputTokens: number): Budget => ({
  tokens: inputTokens + outputTokens,
  ...(price ? { usd: (inputTokens * price.input + outputTokens * price.output) / 1e6 } : {}),
});

/** The most that the call can cost, as far as that is known, and what it costs with the shortest answer of use. */
function boundsOf(estimate: CallEstimate): { readonly most: Budget; readonly least: Budget } {
  const { maxOutputTokens: output } = estimate;
  return {
    most: output === undefined ? {} : costOf(estimate, output),
    least: costOf(estimate, Math.min(output ?? shortestAnswer, shortestAnswer)),
  };
}

/** Whether the most that an agent's calls can cost is known in tokens: its definition or each of its models limits an answer. */
export const isAnswerLimited = (
  { model, fallbacks = [], maxOutputTokens }: Pick<AgentDefinition, 'model' | 'fallbacks' | 'maxOutputTokens'>,
  gateway: Pick<ModelGateway, 'models'>,
): boolean =>
  maxOutputTokens !== undefined ||
  [model, ...fallbacks]
    .flatMap((choice) => modelsOf(choice, gateway))
    .every((each) => typeof each !== 'string' && each.maxOutputTokens !== undefined);

/** Of a gateway that measures nothing. */
const unknownCost: CallEstimate = { inputTokens: 0, maxOutputTokens: undefined, price: undefined };

/** What the call can use at most, if it is reserved before it is made; undefined otherwise. */
export function estimateOf(
  { maxOutputTokens }: Pick<AgentDefinition, 'maxOutputTokens'>,
  choice: ModelChoice,
  request: ModelRequest,
  { reserve }: Pick<ModelCallInput, 'reserve'>,
  gateway: Pick<ModelGateway, 'estimate'>,
): CallEstimate | undefined {
  if (reserve === undefined) return undefined;
  return (
    gateway.estimate?.(choice, { ...request, ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }) }) ??
    unknownCost
  );
}

/** The output for a call that is not made, because more must be reserved for it first; undefined when it may be made. `own`: what the agent may use at all. */
export function shortOf(
  { used, reserve, allowance = {} }: Pick<ModelCallInput, 'used' | 'reserve' | 'allowance'>,
  estimate: CallEstimate,
  own: Budget,
): ParsedAnswer | undefined {
  if (reserve === undefined || reserve === 'limit') return undefined;
  const spent = { tokens: totalTokens(used), usd: used.usd ?? 0 };
  const bounds = boundsOf(estimate);
  const most = mapBudget(bounds.most, (kind, amount) =>
    Math.min(amount, (own[kind] ?? Infinity) - budgetOfUsage(used)[kind]),
  );
  const isCovered = (kind: 'tokens' | 'usd'): boolean => {
    const [limit, cost] = [allowance[kind], most[kind]];
    if (limit === undefined) return true;
    return cost === undefined ? reserve === 'measure' : spent[kind] + cost <= limit + rounding(kind);
  };
  if (isCovered('tokens') && isCovered('usd')) return undefined;
  const usage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reported: true, usd: 0 };
  return { text: '', calls: [], usage, model: '', means: { kind: 'short', most, least: bounds.least } };
}

/** The most output that what is left can pay for, and no more than the answer may have. */
export function affordableOutput(
  { inputTokens, maxOutputTokens = Infinity, price }: CallEstimate,
  { tokens, usd }: Pick<Budget, 'tokens' | 'usd'>,
  used: AgentUsage,
): { maxOutputTokens?: number } {
  const byTokens = tokens === undefined ? Infinity : tokens - totalTokens(used) - inputTokens;
  const left = usd === undefined || used.usd === null ? undefined : usd - used.usd;
  const byMoney =
    left === undefined || price === undefined || price.output === 0
      ? Infinity
      : Math.floor((left * 1e6 - inputTokens * price.input) / price.output + 1e-6);
  const output = Math.max(1, Math.min(maxOutputTokens, byTokens, byMoney));
  return Number.isFinite(output) ? { maxOutputTokens: output } : {};
}
