/** Tells other systems that a call of a tool waits for a person: the webhooks of the workflow with `on: approval`. What comes of them changes nothing. */
import type { WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import { toFailure } from '../../src/values/failure.ts';
import { asJson } from '../../src/values/json.ts';
import type { NotifyInput } from '../../machines/workflow/effectTypes.ts';
import { effect } from '../effect.ts';
import type { SendWebhook } from './itemFunctions.ts';
import { webhookInput } from './stepStart.ts';
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
        const { timeout } = step.webhook;
        // As any webhook, but for what it says.
        const told = webhookInput({ ...step, webhook: { ...step.webhook, body: {} } }, values);
        const request = {
          ...told.request.value,
          body: {
            run_id: within === undefined ? scope.run : `${scope.run}/${within}`,
            step_id: notice.step,
            tool_name: notice.tool_name,
            tool_use_id: notice.tool_use_id,
            arguments: notice.arguments,
            status: 'pending',
          },
        };
        const { sealed } = told.request;
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
