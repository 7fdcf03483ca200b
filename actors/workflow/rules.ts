/** What the output of a step is judged by. */
import type { StepCommon } from '../../src/contracts/workflow/stepParts.ts';
import type { JsonObject } from '../../src/values/json.ts';

/** The step that a sub-workflow is in the workflow around it: its result is judged as that step. Undefined for a root. */
export type AsStep = Pick<StepCommon, 'schema' | 'confidenceThreshold'> | undefined;

/** The schemas and the threshold of a step; `further` are schemas beside that of the step. */
export const rulesOf = (
  { schema, confidenceThreshold }: Pick<StepCommon, 'schema' | 'confidenceThreshold'>,
  further: readonly (JsonObject | undefined)[] = [],
): { readonly schemas: readonly JsonObject[]; readonly threshold?: number } => ({
  schemas: [...further, schema].filter((each) => each !== undefined),
  ...(confidenceThreshold === undefined ? {} : { threshold: confidenceThreshold }),
});
