/** What a model is offered: the tools of its tier, one tool for each reply that it may give, and one to ask for more tools. */
import type { AgentDefinition } from '../src/contracts/agent.ts';
import type { EffectScope } from '../src/contracts/effect.ts';
import type { JsonObject } from '../src/values/json.ts';
import type { ToolSpec, ToolTier } from '../src/contracts/model.ts';
import { isObjectSchema, wrapSchema } from '../src/contracts/toolSchema/references.ts';
import { allTools, isTierWithin, type AgentDeps, type OfferedTool } from './tools.ts';

export const answerPrefix = 'answer_';
export const requestToolsName = 'request_tools';

/** What a model is offered in one turn. */
export interface ToolOffer {
  /** The tools that may be called now, by name. */
  readonly tools: ReadonlyMap<string, OfferedTool>;
  /** The tiers that would offer more tools. */
  readonly higher: readonly ToolTier[];
  /** All of it, as the model sees it. */
  readonly specs: readonly ToolSpec[];
}

/** The offer is made anew when the definition, the tier or the tools have changed. */
export async function toolOfferOf(
  definition: AgentDefinition,
  deps: AgentDeps,
  tier: ToolTier,
  at: Pick<EffectScope, 'signal' | 'actor'>,
): Promise<ToolOffer> {
  const all = await allTools(deps, tier, at);
  const latest = latestOffers.get(definition);
  if (latest && latest.all === all && latest.tier === tier) return latest.offer;
  const offer = offerOf(definition, deps, tier, all);
  latestOffers.set(definition, { all, tier, offer });
  return offer;
}

const latestOffers = new WeakMap<
  AgentDefinition,
  { readonly all: readonly OfferedTool[]; readonly tier: ToolTier; readonly offer: ToolOffer }
>();

function offerOf(definition: AgentDefinition, deps: AgentDeps, tier: ToolTier, all: readonly OfferedTool[]): ToolOffer {
  const tools = new Map(
    all.filter((info) => info.belt || isTierWithin(info.tier, tier)).map((info) => [info.name, info]),
  );
  const hasMore = (wanted: ToolTier) =>
    !isTierWithin(wanted, tier) && all.some((info) => !info.belt && info.tier === wanted);
  const higher: ToolTier[] = [];
  if (hasMore('toolchain')) higher.push('toolchain');
  if (tier !== 'toolbelt' && deps.toolbelt) higher.push('toolbelt');
  return {
    tools,
    higher,
    specs: [
      ...[...tools.values()].map(({ name, description, input }) => ({ name, description, input })),
      ...answersOf(definition),
      ...requestOf(higher),
    ],
  };
}

const answersOf = ({ replies = {} }: AgentDefinition): ToolSpec[] =>
  Object.entries(replies).map(([type, { schema, description }]) => ({
    name: `${answerPrefix}${type}`,
    description: description ?? `Gives your final answer as "${type}" and ends the task. Call it alone.`,
    input: isWrappedReply(schema) ? wrapSchema('value', schema) : schema,
  }));

/** Whether a reply is wrapped as `{ value }`: providers take only objects as arguments. */
export const isWrappedReply = (schema: JsonObject): boolean => !isObjectSchema(schema);

const requestOf = (higher: readonly ToolTier[]): ToolSpec[] =>
  higher.length === 0
    ? []
    : [
        {
          name: requestToolsName,
          description: 'Asks for more tools when those you have do not suffice.',
          input: {
            type: 'object',
            properties: { tier: { type: 'string', enum: [...higher] }, reason: { type: 'string' } },
            required: ['tier', 'reason'],
            additionalProperties: false,
          },
        },
      ];
