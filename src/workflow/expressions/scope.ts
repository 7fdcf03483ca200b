/** The data that an expression is evaluated on: what it reads of the values of the workflow, and nothing else. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import type { Sealed, WorkflowValues } from '../../contracts/workflow/values.ts';
import type { ReadPath } from './reads.ts';

/** The data for an expression. A secret is not in it: see `sealedReads`. */
export function scopeOf(values: WorkflowValues, reads: readonly ReadPath[]): JsonObject {
  const data: Record<string, Json> = {};
  const steps: Record<string, Json> = {};
  for (const [name, id, field] of reads) {
    if (name === undefined) return everything(values);
    else if (name === 'params') data['params'] = values.params;
    else if (name === 'env') data['env'] = values.env;
    else if (name === 'item') data['item'] = values.item ?? null;
    else if (name === 'item_index') data['item_index'] = values.itemIndex ?? null;
    else if (name !== 'step') setOutput(data, values, name, id);
    else if (id === undefined) data['step'] = values.step;
    else setOutput(steps, values, id, field);
  }
  // A whole `step` that is read as well has all of them.
  return Object.keys(steps).length > 0
    ? { ...data, step: { ...(data['step'] as JsonObject | undefined), ...steps } }
    : data;
}

/** The names of the secrets among what is read, as in `values.sealed`. */
export function sealedReads(values: WorkflowValues, reads: readonly ReadPath[]): readonly string[] {
  const names = Object.keys(values.sealed);
  if (names.length === 0) return names;
  return names.filter((name) => {
    const dot = name.indexOf('.');
    return reads.some(
      ([space, inner]) =>
        space === undefined || (space === name.slice(0, dot) && (inner === undefined || inner === name.slice(dot + 1))),
    );
  });
}

/** The values that an expression reads, to be kept with its template. */
export function valuesRead(values: WorkflowValues, reads: readonly ReadPath[]): WorkflowValues {
  if (reads.some((path) => path.length === 0)) return values;
  const names = (space: 'params' | 'env'): readonly string[] | 'all' =>
    reads.some(([name, inner]) => name === space && inner === undefined)
      ? 'all'
      : reads.flatMap(([name, inner]) => (name === space && inner !== undefined ? [inner] : []));
  const steps = reads.some(([name, id]) => name === 'step' && id === undefined)
    ? 'all'
    : reads.flatMap(([name = '', id = '']) => (name === 'step' ? [id] : [name]));
  const sealed = sealedReads(values, reads);
  return {
    params: pick(values.params, names('params')),
    env: pick(values.env, names('env')),
    step: pick(values.step, steps),
    sealed: pick<Sealed>(values.sealed, sealed),
    ...(values.item !== undefined && reads.some(([name]) => name === 'item') ? { item: values.item } : {}),
    ...(values.itemIndex !== undefined && reads.some(([name]) => name === 'item_index')
      ? { itemIndex: values.itemIndex }
      : {}),
  };
}

const pick = <Value>(
  from: Readonly<Record<string, Value>>,
  names: readonly string[] | 'all',
): Readonly<Record<string, Value>> => {
  if (names === 'all') return from;
  const picked: Record<string, Value> = {};
  for (const name of names) {
    const value = Object.hasOwn(from, name) ? from[name] : undefined;
    if (value !== undefined) picked[name] = value;
  }
  return picked;
};

/** All that can be read: for an expression that looks at everything. Namespaces win over steps with the same id. */
const everything = (values: WorkflowValues): JsonObject => ({
  ...values.step,
  params: values.params,
  env: values.env,
  step: values.step,
  ...(values.item === undefined ? {} : { item: values.item, item_index: values.itemIndex ?? null }),
});

/** The output of a step. The result of a transform can also be read as `output`. */
function setOutput(data: Record<string, Json>, values: WorkflowValues, id: string, field: string | undefined): void {
  if (!Object.hasOwn(values.step, id)) return;
  const output = values.step[id] ?? null;
  const aliased = field === 'output' && isJsonObject(output) && Object.keys(output).join() === 'result';
  if (aliased) data[id] = { ...output, output: output['result'] ?? null };
  else if (!Object.hasOwn(data, id)) data[id] = output;
}
