/** Transforms: one value made of the outputs of other steps, by a fixed list of operations. They call nothing, cost nothing and change none of their inputs. */
import type { TransformDefinition, TransformOperation } from '../../contracts/workflow/transformDefinition.ts';
import type { WorkflowValues } from '../../contracts/workflow/values.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { orWhenFailed, whenThere, type Soon } from '../../values/soon.ts';
import { deepMerge } from './merge.ts';
import { perform, type GiveTurn } from './operations.ts';
import { sourceData } from './source.ts';

/**
 * The output of a transform. Several inputs are merged deeply, the later over the earlier; without inputs it begins with null.
 * `turn` is called between items, and awaited when it gives a promise, so that a long list does not hold up other work; short ones are there at once.
 * Throws, or rejects, with the kind of what went wrong; `data` has the place of the operation, from 0, and its name.
 */
export function transform(
  { inputs, ops }: TransformDefinition,
  values: WorkflowValues,
  turn: GiveTurn = () => undefined,
): Soon<{ readonly result: Json }> {
  const begin = inputs
    .map((from) => sourceData(from, values))
    .reduce((merged, more) => (merged === null ? more : more === null ? merged : deepMerge(merged, more)), null);
  const isNothing = begin === null && inputs.length > 0 && inputs.every((from) => namesNothing(from, values));
  let data: Soon<Json> = begin;
  for (const [at, operation] of ops.entries())
    data = whenThere(data, (before) =>
      orWhenFailed(
        () => perform(operation, at === 0 && isNothing ? itemsOfNothing(operation) : before, values, turn),
        (thrown) => {
          throw failedOperation(operation, at, thrown);
        },
      ),
    );
  return whenThere(data, (result) => ({ result }));
}

function failedOperation({ op }: TransformOperation, at: number, thrown: unknown): TroupeError {
  const { kind, message } = toFailure(thrown);
  return new TroupeError(kind, `Operation ${at + 1} of the transform, ${op}, failed: ${message}`, {
    data: { operation: at, op },
    cause: thrown,
  });
}

/** Whether an input is the name of a step that there is not. */
const namesNothing = (from: string, { step }: WorkflowValues): boolean =>
  /^[\w-]+$/.test(from) && !Object.hasOwn(step, from) && !['params', 'input', 'item'].includes(from);

/** What a step that there is not is to an operation: one item without any field for those on items, and null for the others. Without any input there are no items. */
const itemsOfNothing = ({ op }: TransformOperation): Json => (op === 'map' || op === 'filter' ? [{}] : null);
