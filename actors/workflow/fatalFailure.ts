/** Which failed end of a step ends its workflow: a retry of the run does that step again. Any other one is the result of its step. */
import type { WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import type { StepEnd } from '../../src/contracts/workflow/step.ts';
import type { Failure } from '../../src/values/failure.ts';

/** The failure of a step that may not fail; undefined when it has not failed, or may. */
export type FatalFailure = (end: StepEnd, of: { readonly step: string }) => Failure | undefined;

/** By the `on_error` of the steps of a workflow. */
export const fatalFailureIn =
  ({ steps }: Pick<WorkflowDefinition, 'steps'>): FatalFailure =>
  (end, { step }) => {
    const { onError = 'fail' } = steps.find(({ id }) => id === step) ?? {};
    return end.status === 'failed' && onError === 'fail' ? end.failure : undefined;
  };
