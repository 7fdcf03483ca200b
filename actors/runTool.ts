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
      requireTime(name, scope);
      try {
        return { content: contentOf(await toolsFor(deps, request).call(name, input, toolScope(scope))) };
      } catch (thrown) {
        throw settled(request, thrown);
      }
    },
    { kind: ({ effect: kind }) => kind, idempotent: ({ idempotent }) => idempotent, retry },
  );

/** What nobody can wait for any more is not begun (E9). */
function requireTime(name: string, { clock, deadline = Infinity }: EffectScope): void {
  if (clock.now() < deadline) return;
  throw new TroupeError('expired', `"${name}" was not called: the deadline of its agent has passed.`, {
    data: { sent: false },
  });
}

export const reconcile = (deps: AgentDeps) =>
  effect<Reconciled, ToolRequest>(async (request, scope) => {
    const { name, input } = request;
    try {
      const found = await toolsFor(deps, request).reconcile?.(name, input, toolScope(scope));
      if (found === undefined) return { done: undefined };
      return found.done ? { done: true, content: contentOf(found.output) } : { done: false };
    } catch (thrown) {
      if (factsOf(thrown).done === true) return { done: true, content: lost(name) };
      throw thrown;
    }
  });

function toolsFor(deps: AgentDeps, { name, belt }: ToolRequest): Tools {
  const tools = sourceOf(deps, belt);
  if (!tools)
    throw new TroupeError('environment', `The tools that "${name}" belongs to are not there any more.`, {
      data: { gone: true },
    });
  return tools;
}

const toolScope = ({ key, signal, clock, progress }: EffectScope) => ({ key, signal, clock, progress });

const contentOf = (output: Json): string => (typeof output === 'string' ? output : JSON.stringify(output));

/**
 * What a failed call of a write comes to (E7). Nothing was begun: it failed, and nobody need be asked. It was carried out and only its result
 * is lost: that is said, for a second call would do it twice. It broke off: it is neither done nor not done.
 */
function settled({ name, effect: kind, idempotent }: ToolRequest, thrown: unknown): unknown {
  const { kind: why, retryable, message, data } = toFailure(thrown);
  const { sent, done } = factsOf(thrown);
  if (kind !== 'write' || sent === false) return thrown;
  if (done === true) return new TroupeError('tool', lost(name), { cause: thrown, data });
  // With a key that the world honours it is tried again; what is not tried again stays open.
  const isOpen = retryable ? !idempotent : sent === true && why === 'environment';
  if (!isOpen) return thrown;
  return new TroupeError('uncertain', `"${name}" may or may not have happened: ${message}`, { cause: thrown });
}

const factsOf = (thrown: unknown) =>
  (toFailure(thrown).data ?? {}) as { readonly sent?: unknown; readonly done?: unknown };

/** Without the reason, which would ask for another call: it is kept as the cause. */
const lost = (name: string) =>
  `"${name}" was carried out, but what it returned is too large or not what it promises, and is lost. Do not call it again for its result.`;
