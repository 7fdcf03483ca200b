/**
 * Parses a model's answer against the tools it was offered: which calls are made, which are refused and why, and whether it is a final answer.
 * Pure: the same answer and offer always give the same result.
 */
import type { AgentDefinition, AgentLimits, Budget, ReplyContract } from '../src/contracts/agent.ts';
import { TroupeError } from '../src/values/failure.ts';
import type { Json } from '../src/values/json.ts';
import { toolTiers, type ModelAnswer, type ToolCall, type ToolTier } from '../src/contracts/model.ts';
import type { ParsedAnswer, ParsedCall } from '../machines/agent/effectTypes.ts';
import { asZodJson } from '../machines/json.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { cutText } from '../src/values/text.ts';
import { callHash } from './hash.ts';
import { answerPrefix, requestToolsName, isWrappedReply, type ToolOffer } from './toolOffer.ts';
import type { OfferedTool } from './tools.ts';

/** What an answer is parsed against. */
export interface AnswerContext {
  readonly definition: AgentDefinition;
  readonly offer: ToolOffer;
  readonly limits: AgentLimits;
  /** Calls that the budget still allows. */
  readonly callsLeft: number;
  /** The most tokens that this answer was allowed; undefined for the limit of the model. */
  readonly maxOutputTokens?: number;
  /** What is left of the budget after this answer, divided into so many shares. */
  left(shares: number): Budget;
}

export function parseAnswer(
  answer: ModelAnswer & Pick<ParsedAnswer, 'artifacts'>,
  context: AnswerContext,
): ParsedAnswer {
  const { text, usage, model, reason, failed, provider, artifacts } = answer;
  const asked = withIds(answer.calls);
  const base = {
    text,
    usage,
    model,
    ...(failed === undefined ? {} : { failed }),
    ...(provider === undefined ? {} : { provider }),
    ...(artifacts === undefined ? {} : { artifacts }),
  };
  if (asked.length > 0 && (reason === 'length' || reason === 'refused'))
    return { ...base, ...cutShort(asked, answer, context) };
  const [first, ...others] = asked;
  const reply = first && replyOf(first.name, context);

  if (first && reply && others.length === 0) return { ...base, ...finalAnswer(first, reply) };
  let madeSoFar = 0;
  const shares = asked.filter(({ name }) => context.offer.tools.get(name)?.delegate).length;
  const calls = asked.map((call) => {
    const parsed = replyOf(call.name, context)
      ? refused(call, 'Not taken: give your answer alone, after you have seen the results of your other calls.')
      : parseCall(call, { ...context, shares }, madeSoFar);
    if (parsed.how === 'run' || parsed.how === 'guarded') madeSoFar++;
    return parsed;
  });
  const wanted = calls.find((call) => call.name === requestToolsName && call.how === 'settled');
  const tier = wanted && tierIn(wanted);
  const wants = tier ? { wants: tier } : {};
  if (calls.length > 0) return { ...base, calls, means: { kind: 'calls' }, ...wants };
  return { ...base, calls, means: withoutCalls(answer, context) };
}

/** An answer that the limit of its length or a filter has ended: its calls are not made, because what is missing of them cannot be known. */
function cutShort(
  asked: readonly ToolCall[],
  answer: ModelAnswer,
  context: AnswerContext,
): Pick<ParsedAnswer, 'calls' | 'means'> {
  const refuseAll = (why: string) => asked.map((call) => refused(call, why));
  if (answer.reason === 'refused')
    return {
      calls: refuseAll(`Not made: ${refusalWords(answer)}.`),
      means: { kind: 'refusal', says: refusalWords(answer) },
    };
  const limit = limitWords(context);
  return {
    calls: refuseAll(
      `Not made: your answer was cut off at ${limit}, so its calls may be incomplete. Call again with less in one answer: fewer calls, shorter arguments, or large content in several calls.`,
    ),
    means: {
      kind: 'unusable',
      problem: `it was cut off at ${limit}, in its tool calls. Raise maxOutputTokens, or ask for less.`,
    },
  };
}

const limitWords = ({ maxOutputTokens }: AnswerContext): string =>
  maxOutputTokens === undefined ? 'the limit of its length' : `the limit of ${maxOutputTokens} tokens`;

/** What a model says that refuses; where a filter of its provider stopped it, that filter. */
const refusalWords = ({ text, rawReason }: ModelAnswer): string =>
  rawReason === undefined || /^(stop|refusal)$/i.test(rawReason)
    ? text
    : `its answer was stopped by the filter of its provider (${rawReason.slice(0, 80)})`;

function withoutCalls(answer: ModelAnswer, context: AnswerContext): ParsedAnswer['means'] {
  const { text, reason } = answer;
  const replies = Object.keys(context.definition.replies ?? {});
  if (reason === 'refused') return { kind: 'refusal', says: refusalWords(answer) };
  if (reason === 'length')
    return { kind: 'unusable', problem: `it was cut off at ${limitWords(context)}. Answer again, shorter.` };
  if (replies.length > 0)
    return {
      kind: 'unusable',
      problem: `it calls no tool. To finish, call ${replies.map((type) => answerPrefix + type).join(' or ')}; to go on, call a tool.`,
    };
  if (text.trim() === '') return { kind: 'unusable', problem: 'it is empty. Give your answer as text.' };
  return { kind: 'answer', answer: { type: 'text', body: text } };
}

/** Some providers repeat ids or leave them out; every call of a turn needs its own. */
const withIds = (calls: readonly ToolCall[]): ToolCall[] => {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    const id = call.id === '' || seen.has(call.id) ? `${call.id || 'call'}-${index}` : call.id;
    seen.add(id);
    return { ...call, id };
  });
};

/** The reply that a call of this name gives; undefined when it is not a final answer. */
function replyOf(name: string, { definition: { replies = {} } }: AnswerContext): Reply | undefined {
  const type = name.slice(answerPrefix.length);
  const contract = name.startsWith(answerPrefix) && Object.hasOwn(replies, type) ? replies[type] : undefined;
  return contract && { type, contract };
}

interface Reply {
  readonly type: string;
  readonly contract: ReplyContract;
}

function finalAnswer(call: ToolCall, { type, contract }: Reply): Pick<ParsedAnswer, 'calls' | 'means'> {
  const { schema, parse } = contract;
  const unusable = (problem: string): Pick<ParsedAnswer, 'calls' | 'means'> => ({
    calls: [refused(call, `Not accepted: ${problem}`)],
    means: { kind: 'unusable', problem },
  });
  if (call.unreadable !== undefined) return unusable('its arguments are not JSON. Call it again with valid JSON.');
  if (call.inexact !== undefined) return unusable(inexactWords(call.inexact));
  const inside = isWrappedReply(schema);
  // A model may leave out the wrapper: what it gives is then the value itself.
  const wrapped = propertiesOf(call.input).value;
  const given = inside && (wrapped !== undefined || !accepts(parse, call.input)) ? wrapped : call.input;
  if (given === undefined) return unusable('it has no "value". Call it again with { "value": … }.');
  try {
    const body = parse(given);
    return {
      calls: [{ ...call, hash: callHash(call.name, call.input), how: 'settled', content: 'Received.' }],
      means: { kind: 'answer', answer: { type, body: asZodJson(body) } },
    };
  } catch (thrown) {
    // The model cannot correct a schema that is wrong.
    if (!(thrown instanceof TroupeError) || thrown.kind === 'definition') throw thrown;
    return unusable(inside ? thrown.message.replace('at the top', 'at "value"') : thrown.message);
  }
}

function accepts(parse: ReplyContract['parse'], input: Json): boolean {
  try {
    parse(input);
    return true;
  } catch {
    return false;
  }
}

/** Numbers that lose digits: the call would be made with other ones. */
function inexactWords(numbers: readonly string[]): string {
  const shown = numbers.slice(0, 5).map((number) => number.slice(0, 80));
  return `${shown.join(', ')} ${numbers.length === 1 ? 'has' : 'have'} more digits than a number keeps. Call it again with the digits as text, such as ${JSON.stringify(shown[0])}.`;
}

const refused = (call: ToolCall, why: string): ParsedCall => ({
  ...call,
  hash: callHash(call.name, call.input),
  how: 'refused',
  why,
});

function parseCall(
  call: ToolCall,
  context: AnswerContext & { readonly shares: number },
  madeSoFar: number,
): ParsedCall {
  const { offer, limits, callsLeft } = context;
  if (call.unreadable !== undefined)
    return refused(call, 'Not made: the arguments are not JSON. Call it again with valid JSON.');
  if (call.inexact !== undefined) return refused(call, `Not made: ${inexactWords(call.inexact)}`);
  if (call.name === requestToolsName && offer.higher.length > 0) return parseToolRequest(call, offer);
  const info = offer.tools.get(call.name);
  if (!info)
    return refused(
      call,
      `Not made: there is no tool "${cutText(call.name, 80)}". There are ${[...offer.tools.keys()].slice(0, 40).join(', ') || 'none'}.`,
    );
  if (madeSoFar >= limits.maxCallsPerTurn)
    return refused(
      call,
      `Not made: at most ${limits.maxCallsPerTurn} calls are made in one turn. Call it again if it is still needed.`,
    );
  if (callsLeft > 0 && madeSoFar >= callsLeft)
    return refused(call, 'Not made: no tool calls are left in your budget. Finish with what you have.');
  const hash = callHash(call.name, call.input);
  const known = { ...call, hash, tier: info.tier, effect: info.effect, idempotent: info.idempotent, belt: info.belt };
  const ask = needsApproval(info, call.input, context.definition);
  if (info.delegate) {
    try {
      const delegate = {
        ...info.delegate.message(call.input),
        who: info.delegate.who,
        left: context.left(context.shares),
      };
      return { ...known, how: 'guarded', ask, patience: limits.approvalDeadline, delegate };
    } catch (thrown) {
      if (!(thrown instanceof TroupeError) || thrown.kind === 'definition') throw thrown;
      return refused(call, `Not made: ${thrown.message}`);
    }
  }
  return info.effect === 'write' || ask
    ? { ...known, how: 'guarded', ask, patience: limits.approvalDeadline }
    : { ...known, how: 'run' };
}

const tierIn = ({ input }: Pick<ToolCall, 'input'>): ToolTier | undefined =>
  toolTiers.find((tier) => tier === propertiesOf(input).tier);

function parseToolRequest(call: ToolCall, { higher }: ToolOffer): ParsedCall {
  const tier = tierIn(call);
  if (!tier || !higher.includes(tier)) return refused(call, `Not made: tier must be one of ${higher.join(', ')}.`);
  return {
    ...call,
    hash: callHash(call.name, call.input),
    how: 'settled',
    content: 'Asked for. If they can be had, your next turn has them.',
  };
}

function needsApproval(tool: OfferedTool, input: Json, { approve }: AgentDefinition): boolean {
  if (tool.approval || approve === 'all') return true;
  if (approve === 'writes') return tool.effect === 'write';
  return typeof approve === 'function' && approve({ tool, input });
}
