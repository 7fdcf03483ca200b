/** One call of a tool, and the reconciliation of a call that may have happened. */
import type { EffectOptions, EffectScope } from '../src/contracts/effect.ts';
import { toFailure, TroupeError } from '../src/values/failure.ts';
import { asJson } from '../src/values/json.ts';
import type { ToolNote, ToolScope } from '../src/contracts/tool.ts';
import type { WriteReconciliation } from '../machines/toolCall/context.ts';
import type { ToolAnswer, ToolRequest } from '../machines/agent/effectTypes.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { shownResult } from './artifact.ts';
import { effect } from './effect.ts';
import { toolSourceOf, type AgentDeps, type ToolCatalog } from './tools.ts';

/** The engine tries again under the same key, if that can do no harm. Milliseconds. */
const retry = { times: 3, backoff: 500 };

export const runTool = (deps: AgentDeps) =>
  effect<ToolAnswer, ToolRequest>(
    (request, scope) => callToolOf(() => toolsFor(deps, request), request, scope),
    toolCallOptions,
  );

/** Where a tool is found; it throws when it is not there any more. */
type FindTools = () => Pick<ToolCatalog, 'call' | 'reconcile'>;

/** Makes one call, and gives what the model is shown. */
export async function callToolOf(find: FindTools, request: ToolRequest, scope: EffectScope): Promise<ToolAnswer> {
  const { id, name, input } = request;
  requireTime(request, scope);
  const note = (one: ToolNote) => scope.progress(asJson(one));
  note({ type: 'tool.called', id, tool: name, input });
  try {
    const shown = shownResult(await find().call(name, input, toolScope(request, scope)));
    note({ type: 'tool.answered', id, tool: name, ok: true, content: shown.content });
    return shown;
  } catch (thrown) {
    note({ type: 'tool.answered', id, tool: name, ok: false, content: toFailure(thrown).message });
    throw failureOfWrite(request, scope, thrown);
  }
}

/** The same call of the model, whatever the tool is said to do today. */
const sameCall = ({ id, name, input }: ToolRequest) => ({ id, name, input });

/** How the engine may repeat a call of a tool. */
export const toolCallOptions: EffectOptions<ToolRequest> = {
  kind: ({ effect: kind }) => kind,
  idempotent: ({ idempotent }) => idempotent,
  sameStep: sameCall,
  retry,
};

/** A call whose deadline has passed is not begun (E9). */
function requireTime(request: ToolRequest, scope: EffectScope): void {
  const { clock, deadline = Infinity } = scope;
  if (clock.now() < deadline) return;
  const message = `"${request.name}" was not called: the deadline of its agent has passed.`;
  throw failureOfWrite(request, scope, new TroupeError('expired', message, { data: { sent: false } }));
}

export const reconcile = (deps: AgentDeps) =>
  effect<WriteReconciliation, ToolRequest>((request, scope) =>
    reconcileCallOf(() => toolsFor(deps, request), request, scope),
  );

/** Asks a tool whether a call that may have happened did. */
export async function reconcileCallOf(
  find: FindTools,
  request: ToolRequest,
  scope: EffectScope,
): Promise<WriteReconciliation> {
  const { name, input } = request;
  try {
    const found = await find().reconcile?.(name, input, toolScope(request, scope));
    if (found === undefined) return { done: undefined };
    return found.done ? { done: true, ...shownResult(found.output) } : { done: false };
  } catch (thrown) {
    if (annotationsOf(thrown).done === true) return { done: true, content: resultLostMessage(name) };
    throw thrown;
  }
}

function toolsFor(deps: AgentDeps, { name, belt }: ToolRequest): ToolCatalog {
  const tools = toolSourceOf(deps, belt);
  if (!tools)
    throw new TroupeError('tool', `There is no tool "${name}" any more. Go on without it.`, {
      data: { tool: name, sent: false },
    });
  return tools;
}

/** One key for one call: the attempt, what looks it up and what makes it again all have that of the first attempt. */
const keyOf = (request: ToolRequest, scope: EffectScope) => request.key ?? scope.key;

const toolScope = (request: ToolRequest, scope: EffectScope): ToolScope => {
  const { signal, clock, progress, onCall } = scope;
  return { key: keyOf(request, scope), signal, clock, progress, ...(onCall ? { onCall } : {}) };
};

/**
 * The failure of a write (E7). If nothing was begun, it failed, and no person is asked. If it was carried out and only its result is lost,
 * the failure says so, because a second call would do it twice. If it broke off, it is uncertain. So it is if nothing was begun now, but an earlier process may have carried it out.
 */
function failureOfWrite(request: ToolRequest, scope: EffectScope, thrown: unknown): unknown {
  const { name, effect: kind, idempotent } = request;
  const { kind: why, retryable, message, data } = toFailure(thrown);
  const { sent, done, server } = annotationsOf(thrown);
  if (kind !== 'write' || (sent === false && !scope.again)) return thrown;
  if (done === true) return new TroupeError('tool', resultLostMessage(name), { cause: thrown, data });
  // An idempotent write that is retryable is tried again; one that is not tried again stays uncertain.
  const isOpen = retryable ? !idempotent : sent === false || (sent === true && why === 'environment');
  if (!isOpen) return thrown;
  return new TroupeError('uncertain', `"${name}" may or may not have happened: ${message}`, {
    cause: thrown,
    data: { key: keyOf(request, scope), ...(typeof server === 'string' ? { server } : {}) },
  });
}

/** The annotations of a failed call (src/tools/annotations.ts): `sent`, it may have begun; `done`, it was carried out. `server` is the one that failed. */
const annotationsOf = (thrown: unknown) => propertiesOf(toFailure(thrown).data);

/** Without the reason, which might make the model call again: the reason is kept as the cause. */
const resultLostMessage = (name: string) =>
  `"${name}" was carried out, but what it returned is too large or not what it promises, and is lost. Do not call it again for its result.`;
