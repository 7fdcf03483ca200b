/** Where a transform takes its data from: `fetch`, `step.fetch`, `step.fetch.items`, `{{ expr }}`, `params`, or `item`. */
import type { WorkflowValues } from '../../contracts/workflow/values.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { referencesOf } from '../expressions/references.ts';
import { resolveTemplates } from '../expressions/resolve.ts';
import { stepOrder } from '../expressions/stepOrder.ts';

/** The data of a source; null for a step or a field that is not there. Throws `definition` for one that cannot be read, or that is secret. */
export function sourceData(from: string, values: WorkflowValues): Json {
  if (Object.hasOwn(values.step, from)) return values.step[from] ?? null;
  const { value, sealed } = resolveTemplates(asExpression(from), values, 'list');
  if (sealed.length === 0) return value;
  throw new TroupeError('definition', `The transform reads the secret "${from}", which only effects may read.`);
}

/** The steps that a source reads. */
export const sourceSteps = (from: string, ids: readonly string[]): readonly string[] =>
  stepOrder(ids).has(from) ? [from] : referencesOf(asExpression(from), { position: 'list', ids, fansOut: true }).steps;

/** `input` is the older word for the parameters of the workflow. */
const asExpression = (from: string): string => (from === 'input' ? 'params' : from.replace(/^input\./, 'params.'));
