/** One call of a tool of an agent step: its server is found again by what the request says, and no secret leaves. */
import type { EffectScope } from '../../../src/contracts/effect.ts';
import type { ToolSource } from '../../../src/contracts/tool.ts';
import type { ToolAnswer, ToolRequest } from '../../../machines/agent/effectTypes.ts';
import type { WriteReconciliation } from '../../../machines/toolCall/context.ts';
import type { StepToolRequest } from '../../../machines/workflow/agentStep/effectTypes.ts';
import { effect } from '../../effect.ts';
import { callToolOf, reconcileCallOf, toolCallOptions } from '../../runTool.ts';
import type { AgentStepDeps } from './deps.ts';
import { credentialsOf } from './keptTask.ts';
import { redactionOf } from './withoutSecrets.ts';

/** Fills `runTool`. */
export const callStepTool = (deps: AgentStepDeps) =>
  effect<ToolAnswer, ToolRequest>(
    (request, scope) => withSource(request, deps, scope, (source, inner) => callToolOf(() => source, request, inner)),
    toolCallOptions,
  );

/** Fills `reconcile` of a call that a person must agree to. */
export const reconcileStepTool = (deps: AgentStepDeps) =>
  effect<WriteReconciliation, ToolRequest>((request, scope) =>
    withSource(request, deps, scope, (source, inner) => reconcileCallOf(() => source, request, inner)),
  );

async function withSource<T extends ToolAnswer | WriteReconciliation>(
  request: ToolRequest,
  deps: AgentStepDeps,
  scope: EffectScope,
  perform: (source: ToolSource, scope: EffectScope) => Promise<T>,
): Promise<T> {
  // The chart of an agent step makes no other requests.
  const stored = (request as StepToolRequest).server;
  const redaction = redactionOf(stored, deps);
  // What observers are shown is what the tool has said.
  const inner: EffectScope = { ...scope, progress: (note) => scope.progress(redaction.clean(note)) };
  return redaction.guard(async () => {
    const source = await deps.servers.tools(stored.value, credentialsOf(stored, deps));
    const shown = await perform(source, inner);
    return 'content' in shown ? { ...shown, content: redaction.clean(shown.content) } : shown;
  });
}
