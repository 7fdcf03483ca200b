/** One call of a tool, and the look-up of one that may have happened. */
import type { EffectScope } from '../src/contracts/effect.ts';
import { toFailure, TroupeError } from '../src/contracts/failure.ts';
import type { Json } from '../src/contracts/json.ts';
import type { Reconciled } from '../machines/toolCall.ts';
import type { ToolAnswer, ToolRequest } from '../machines/agent/turn.ts';
import { effect } from './effect.ts';
import { sourceOf, type AgentDeps, type Tools } from './tools.ts';

/** Tried again by the engine, under the same key, while that cannot do harm. */
const retry = { times: 3, backoff: 500 };

export const runTool = (deps: AgentDeps) =>
  effect<ToolAnswer, ToolRequest>(
    async (request, scope) => {
      const { name, input } = request;
      try {
        return { content: contentOf(await toolsFor(deps, request).call(name, input, toolScope(scope))) };
      } catch (thrown) {
        throw settled(request, thrown);
      }
    },
    { kind: ({ effect: kind }) => kind, idempotent: ({ idempotent }) => idempotent, retry },
  );

export const reconcile = (deps: AgentDeps) =>
  effect<Reconciled, ToolRequest>(async (request, scope) => {
    const found = await toolsFor(deps, request).reconcile?.(request.name, request.input, toolScope(scope));
    if (found === undefined) return { done: undefined };
    return found.done ? { done: true, content: contentOf(found.output) } : { done: false };
  });

function toolsFor(deps: AgentDeps, { name, belt }: ToolRequest): Tools {
  const tools = sourceOf(deps, belt);
  if (!tools) throw new TroupeError('environment', `The tools that "${name}" belongs to are not there any more.`);
  return tools;
}

const toolScope = ({ key, signal, clock, progress }: EffectScope) => ({ key, signal, clock, progress });

const contentOf = (output: Json): string => (typeof output === 'string' ? output : JSON.stringify(output));

/** A write that broke off half-way is neither done nor not done; trying it again might do it twice (E7). */
function settled({ name, effect: kind, idempotent }: ToolRequest, thrown: unknown): unknown {
  const failure = toFailure(thrown);
  if (kind !== 'write' || idempotent || !failure.retryable) return thrown;
  return new TroupeError('uncertain', `"${name}" may or may not have happened: ${failure.message}`, { cause: thrown });
}
