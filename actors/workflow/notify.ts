/** Tells other systems that a call of a tool waits for a person: the webhooks of the workflow with `on: approval`. What comes of them changes nothing. */
import type { WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import { toFailure } from '../../src/values/failure.ts';
import { asJson } from '../../src/values/json.ts';
import { resolveTemplates } from '../../src/workflow/expressions/resolve.ts';
import { textOf } from '../../src/workflow/expressions/text.ts';
import type { NotifyInput } from '../../machines/workflow/effectTypes.ts';
import { effect } from '../effect.ts';
import type { SendWebhook } from './itemFunctions.ts';
import { startOf, valuesSoFar } from './values.ts';

/** The effect `notify` of a workflow. */
export const notifyEffect = (definition: WorkflowDefinition, send: SendWebhook) =>
  effect<null, NotifyInput>(
    async (notice, scope) => {
      const waiting = notice.step.replace(/\.\d+$/, '');
      const { webhooks, within } = await startOf(scope);
      if (webhooks === false) return null;
      const values = await valuesSoFar(definition, scope);
      for (const step of definition.steps) {
        const isTold = step.after.includes(notice.step) || step.after.includes(waiting);
        if (step.kind !== 'webhook' || !step.onApproval || !isTold) continue;
        const { method, timeout, headers } = step.webhook;
        const url = resolveTemplates(step.webhook.url, values, 'url');
        const sent = resolveTemplates(headers, values, 'header');
        const request = {
          url: textOf(url.value),
          method,
          // Headers are texts by name, in the shape of their templates.
          headers: sent.value as Readonly<Record<string, string>>,
          body: {
            run_id: within === undefined ? scope.run : `${scope.run}/${within}`,
            step_id: notice.step,
            tool_name: notice.tool_name,
            tool_use_id: notice.tool_use_id,
            arguments: notice.arguments,
            status: 'pending',
          },
        };
        const sealed = [
          ...url.sealed.map(({ path, value }) => ({ path: ['url', ...path], value })),
          ...sent.sealed.map(({ path, value }) => ({ path: ['headers', ...path], value })),
        ];
        const end = await send(
          { step: step.id, request: { value: request, sealed }, timeout, idempotent: true },
          scope,
        );
        if (end.status === 'failed')
          scope.progress(asJson({ type: 'notice.failed', step: step.id, failure: toFailure(end.failure) }));
      }
      return null;
    },
    { kind: 'write', idempotent: true },
  );
