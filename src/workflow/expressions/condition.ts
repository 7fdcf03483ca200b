/** Conditions: whether a step runs. */
import type { WorkflowValues } from '../../contracts/workflow/values.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { resolveTemplates } from './resolve.ts';

/**
 * Whether a condition holds. Null, false, empty text and zero do not; empty lists and objects do.
 * Throws `definition` or `invalid` when it cannot be evaluated, or reads a secret: the journal would then tell something about it.
 */
export function condition(raw: string, values: WorkflowValues): boolean {
  return isTrue(clear(raw, values, 'condition'));
}

/** The list of a step that fans out, as its `from` gives it; it may be no list. Throws as `condition` does. */
export const listOf = (raw: string, values: WorkflowValues): Json => clear(raw, values, 'list');

/** What a condition counts as true. */
export const isTrue = (value: Json): boolean => value !== null && value !== false && value !== '' && value !== 0;

function clear(raw: string, values: WorkflowValues, position: 'condition' | 'list'): Json {
  const { value, sealed } = resolveTemplates(raw, values, position);
  if (sealed.length === 0) return value;
  throw new TroupeError(
    'definition',
    `The ${position} "${raw}" reads a secret, which only effects may read. Decide by a parameter or a variable that is not secret.`,
  );
}
