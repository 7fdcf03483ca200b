/** What a step needs to be begun, with its templates resolved. */
import type { StepDefinition, WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import type { WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { asJson } from '../../src/values/json.ts';
import { resolveTemplates } from '../../src/workflow/expressions/resolve.ts';
import { replacedGroup } from '../../src/workflow/modelGroups.ts';
import { textOf } from '../../src/workflow/expressions/text.ts';
import type { StepStart, WebhookInput } from '../../machines/workflow/effectTypes.ts';
import { asZodJson } from '../../machines/json.ts';
import { agentTask } from './agentTask.ts';
import { subWorkflowStart } from './start.ts';

/** What holds for a step beside its definition. */
export interface StepScope {
  readonly definition: WorkflowDefinition;
  readonly values: WorkflowValues;
  /** How many workflows are around its own. */
  readonly depth: number;
  /** The steps above its workflow; undefined in a root. */
  readonly within?: string | undefined;
  /** Whether webhooks are sent. */
  readonly webhooks: boolean;
  /** What it may cost, in US dollars; no limit when undefined. */
  readonly budgetUsd?: number | undefined;
  /** The number of its item; undefined when it does not fan out. */
  readonly item?: number;
}

/** A step that does something. */
export type WorkingStep = Exclude<StepDefinition, { kind: 'broken' }>;

/** How one step, or one of its items, is begun. A transform is not begun: it is done where it is decided about. */
export type SingleStart = Exclude<StepStart, { kind: 'fanOut' | 'items' }>;

/** The step, or one of its items, as it is begun. Throws what templates and parameters throw. */
export function singleStart(step: Exclude<WorkingStep, { kind: 'transform' }>, scope: StepScope): SingleStart {
  const { values, definition } = scope;
  switch (step.kind) {
    case 'agent': {
      const groupOf = (group: string) => replacedGroup(definition.policy, group);
      return { kind: 'agent', input: agentTask(step, { ...scope, groupOf }) };
    }
    case 'webhook':
      return { kind: 'webhook', input: webhookInput(step, values) };
    case 'workflow':
      return { kind: 'workflow', input: subWorkflowStart(step, values, scope) };
    case 'wait': {
      const { question, schema, deadline, default: silence } = step.wait;
      const asked = resolveTemplates(question, values, 'text');
      if (asked.sealed.length > 0)
        throw new TroupeError('denied', `The question of the step "${step.id}" would show a secret. Take it out.`);
      return {
        kind: 'wait',
        input: {
          question: textOf(asked.value),
          // A schema is JSON; zod's own type for it can be written to.
          schema: schema as Record<string, ReturnType<typeof asZodJson>>,
          deadline,
          onExpiry: silence === undefined ? 'fail' : { default: asZodJson(silence) },
        },
      };
    }
  }
}

/** The request of a webhook, with secrets left out. */
export function webhookInput(
  { id, webhook }: Extract<StepDefinition, { kind: 'webhook' }>,
  values: WorkflowValues,
): WebhookInput {
  const { url, method, headers, body, sign, timeout, idempotent } = webhook;
  const parts = {
    url: resolveTemplates(url, values, 'url'),
    headers: resolveTemplates(headers, values, 'header'),
    body: resolveTemplates(body, values, 'body'),
    ...(sign === undefined ? {} : { sign: resolveTemplates(sign, values, 'param') }),
  };
  const request = {
    url: textOf(parts.url.value),
    method,
    headers: parts.headers.value,
    body: parts.body.value,
    ...(parts.sign ? { sign: parts.sign.value } : {}),
  };
  return {
    step: id,
    request: {
      // Each part has the shape of its template: a text, texts by name, an object.
      value: asJson(request) as unknown as WebhookInput['request']['value'],
      sealed: Object.entries(parts).flatMap(([part, { sealed }]) =>
        sealed.map(({ path, value }) => ({ path: [part, ...path], value })),
      ),
    },
    timeout,
    idempotent,
  };
}
