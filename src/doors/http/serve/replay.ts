/**
 * Goes through a conversation again, up to where it stopped: the model's answers and the results of tools are those of the conversation, and nothing is
 * asked or called. What comes after that is live.
 */
import type { AgentStepServers } from '../../../../actors/workflow/agentStep/deps.ts';
import type { ModelGateway } from '../../../../actors/tools.ts';
import type { ToolSource } from '../../../contracts/tool.ts';
import { TroupeError } from '../../../values/failure.ts';
import { asJson, canonicalJson, type Json } from '../../../values/json.ts';
import type { SaidSoFar, SettledCall } from './conversation.ts';

/** What an agent works with. */
export interface AgentWorld {
  readonly gateway: ModelGateway;
  readonly servers: AgentStepServers;
}

const nothingUsed = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reported: true, usd: 0 };

/** The same world, after what was said. `onLive` is awaited before the first thing that is not of the conversation. */
export function replayedConversation(
  { answers, results }: SaidSoFar,
  world: AgentWorld,
  onLive: () => Promise<void>,
): AgentWorld {
  const left = [...answers];
  /** Results in the order of their calls, by tool and arguments: a source is not told the id of a call. */
  const known = new Map<string, SettledCall[]>();
  for (const { id, name, input } of answers.flatMap(({ calls }) => calls)) {
    const result = results.get(id);
    if (result) known.set(callOf(name, input), [...(known.get(callOf(name, input)) ?? []), result]);
  }
  const { gateway, servers } = world;
  return {
    gateway: {
      ...gateway,
      async answer(...asked) {
        const said = left.shift();
        if (said) {
          const { text, calls, provider } = said;
          const reason = calls.length > 0 ? 'calls' : 'stop';
          return { text, calls, reason, usage: nothingUsed, model: '', ...(provider ? { provider } : {}) };
        }
        // A call that was never made must not be answered by one that is made later.
        known.clear();
        await onLive();
        return gateway.answer(...asked);
      },
    },
    servers: {
      async tools(server, credentials): Promise<ToolSource> {
        const source = await servers.tools(server, credentials);
        return {
          name: source.name,
          ...(source.optional === undefined ? {} : { optional: source.optional }),
          list: (signal) => source.list(signal),
          idempotent: (tool) => source.idempotent(tool),
          ...(source.reconcile ? { reconcile: source.reconcile.bind(source) } : {}),
          onChange: (changed) => source.onChange(changed),
          async call(tool, input, scope): Promise<Json> {
            const result = known.get(callOf(tool, input))?.shift();
            if (!result) {
              await onLive();
              return source.call(tool, input, scope);
            }
            const { ok, content, media } = result;
            if (!ok) throw new TroupeError('tool', content);
            // The same blocks as the tool gave: what they hold is stored as it was then.
            return media.length === 0 ? content : asJson({ content: [{ type: 'text', text: content }, ...media] });
          },
          [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
        };
      },
    },
  };
}

const callOf = (tool: string, input: Json): string => `${tool} ${canonicalJson(input)}`;
