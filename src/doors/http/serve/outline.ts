/** What is kept with a run of its definition: the kinds of its steps, so that it can be shown when its files are gone. */
import * as z from 'zod';
import type { WorkflowDefinition } from '../../../contracts/workflow/definition.ts';
import { asJson, type Json } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';

/** The steps of a workflow. */
export interface WorkflowOutline {
  readonly name: string;
  readonly steps: Readonly<Record<string, StepOutline>>;
}

/** A step: its kind, and the workflow that it is. */
export interface StepOutline {
  readonly kind: string;
  readonly workflow?: WorkflowOutline | undefined;
}

/** The outline of a definition, for the facts of a run. */
export const outlineOf = (definition: WorkflowDefinition): Json => asJson(outline(definition));

const outline = ({ name, steps }: WorkflowDefinition): WorkflowOutline => ({
  name,
  steps: Object.fromEntries(
    steps.map((step) => [
      step.id,
      step.kind === 'workflow' ? { kind: step.kind, workflow: outline(step.workflow) } : { kind: step.kind },
    ]),
  ),
});

const Outline: z.ZodType<WorkflowOutline> = z.lazy(() =>
  z.object({
    name: z.string(),
    steps: z.record(z.string(), z.object({ kind: z.string(), workflow: Outline.optional() })),
  }),
);

/** The outline among the facts of a run; one without steps for a run that was started in another way. */
export function outlineIn(about: unknown): WorkflowOutline {
  const { outline: kept, name } = propertiesOf(about);
  return Outline.safeParse(kept).data ?? { name: typeof name === 'string' ? name : 'workflow', steps: {} };
}
