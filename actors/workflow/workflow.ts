/** The actor of a workflow: its chart with the effects of its steps, and the actors that its steps are. */
import type { AnyStateMachine } from 'xstate';
import type { StepCache } from '../../src/contracts/workflow/stepCache.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import { subWorkflowName } from '../../machines/workflow/actions.ts';
import { fanOutMachine } from '../../machines/workflow/fanOut.ts';
import { defaultWorkflowSettings } from '../../machines/workflow/settings.ts';
import { workflowWith } from '../../machines/workflow/workflow.ts';
import { withActors } from '../withActors.ts';
import { decideEffect } from './deciding/decide.ts';
import { fatalFailureIn } from './fatalFailure.ts';
import type { AsStep } from './rules.ts';
import { gatherEffect, prepareItemsEffect } from './items.ts';
import { itemsEffect, type SendWebhook } from './itemFunctions.ts';
import { notifyEffect } from './notify.ts';
import { sendWebhook, webhook, type WebhookDeps } from './webhook.ts';

/** What the actor of a workflow is made of. */
export interface WorkflowActor {
  readonly definition: WorkflowDefinition;
  /** The step that it is in the workflow around it; undefined for a root. */
  readonly asStep: AsStep;
  /** The actor of an agent step. */
  readonly agentStep: AnyStateMachine;
  /** The actors of its sub-workflows, by the id of their step. */
  readonly workflows: Readonly<Record<string, AnyStateMachine>>;
  /** What webhooks of steps with these rules are sent with. */
  readonly webhooks: (rules: WebhookDeps['step']) => WebhookDeps;
  /** Keeps the results of steps with `cache`; they are made anew without it. */
  readonly cache?: StepCache | undefined;
}

/** The machine of a workflow with every slot filled. */
export function workflowActor({
  definition,
  asStep,
  agentStep,
  workflows,
  webhooks,
  cache,
}: WorkflowActor): AnyStateMachine {
  const rulesOf: WebhookDeps['step'] = (id) => {
    const step = definition.steps.find((each) => each.id === id);
    // The schema of a step that fans out is for all results together.
    return step && !step.forEach ? step : {};
  };
  const deps = webhooks(rulesOf);
  const sendOne: SendWebhook = (input, scope) => sendWebhook(deps, input, scope);
  const inner = Object.fromEntries(
    Object.entries(workflows).map(([step, machine]) => [subWorkflowName(step), machine]),
  );
  const fanOut = withActors(fanOutMachine, {
    prepareItems: prepareItemsEffect(definition),
    gather: gatherEffect(definition),
    agentStep,
    ...inner,
  });
  const { timeout } = definition.policy;
  const machine = workflowWith({
    ...defaultWorkflowSettings,
    ...(timeout === undefined ? {} : { deadline: timeout }),
  });
  return withActors(machine, {
    decide: decideEffect(definition, asStep, cache),
    webhook: webhook(deps, fatalFailureIn(definition)),
    items: itemsEffect(definition, sendOne),
    notify: notifyEffect(definition, sendOne),
    fanOut,
    agentStep,
    ...inner,
  });
}
