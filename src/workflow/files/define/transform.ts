/** Reads the operations of a transform: each is a map with one key, its name. */
import type { TransformOperation } from '../../../contracts/workflow/transformDefinition.ts';
import { nearestName } from '../../../values/options.ts';

/** An operation, or what is wrong with it and where in its map. */
export type ReadOperation =
  | { readonly operation: TransformOperation; readonly warning?: string }
  | { readonly problem: string; readonly path: readonly string[] };

const names = ['merge', 'filter', 'sort', 'map', 'flatten', 'deduplicate'] as const;
type OperationName = (typeof names)[number];

/** Reads one operation, such as `{ filter: { expr: 'score > 5' } }`. */
export function readOperation(map: Readonly<Record<string, unknown>>): ReadOperation {
  const [[name, value] = ['', undefined], ...others] = Object.entries(map);
  if (name === '' || others.length > 0)
    return { problem: 'Expected a map with one key, the operation: make an entry of "ops" of each.', path: [] };
  if (!isName(name)) {
    const meant = nearestName(name, names);
    const more = meant === undefined ? `The operations are ${names.join(', ')}.` : `Did you mean "${meant}"?`;
    return { problem: `There is no operation "${name.slice(0, 60)}". ${more}`, path: [name] };
  }
  return readers[name](value);
}

const isName = (name: string): name is OperationName => (names as readonly string[]).includes(name);

const readers: Readonly<Record<OperationName, (value: unknown) => ReadOperation>> = {
  merge: (value) =>
    Array.isArray(value) && value.every((step) => typeof step === 'string' || typeof step === 'number')
      ? { operation: { op: 'merge', steps: value.map(String) } }
      : { problem: '"merge" takes a list of steps.', path: ['merge'] },
  filter: (value) => withText('filter', value, 'expr', (expr) => ({ op: 'filter', expr })),
  map: (value) => withText('map', value, 'expr', (expr) => ({ op: 'map', expr })),
  deduplicate: (value) => withText('deduplicate', value, 'field', (field) => ({ op: 'deduplicate', field })),
  sort: (value) => {
    const order = isMap(value) ? value['order'] : undefined;
    const read = withText(
      'sort',
      value,
      'field',
      (field) => ({
        op: 'sort',
        field,
        order: order === 'desc' ? 'desc' : 'asc',
      }),
      ['order'],
    );
    const known = order === undefined || order === null || order === 'asc' || order === 'desc';
    return 'problem' in read || known
      ? read
      : { ...read, warning: 'The order of "sort" is "asc" or "desc"; any other word counts as "asc".' };
  },
  flatten: (value) =>
    value === null || (isMap(value) && Object.keys(value).length === 0)
      ? { operation: { op: 'flatten' } }
      : { problem: '"flatten" takes nothing: write "flatten: {}".', path: ['flatten'] },
};

function withText(
  op: OperationName,
  value: unknown,
  key: 'expr' | 'field',
  make: (text: string) => TransformOperation,
  others: readonly string[] = [],
): ReadOperation {
  const path = [op];
  if (!isMap(value)) return { problem: `"${op}" takes a map with the key "${key}".`, path };
  const unknown = Object.keys(value).find((name) => name !== key && !others.includes(name));
  if (unknown !== undefined) {
    const meant = nearestName(unknown, [key, ...others]);
    const more = meant === undefined ? `; it takes ${[key, ...others].join(', ')}.` : `; did you mean "${meant}"?`;
    return { problem: `"${op}" has no key "${unknown.slice(0, 60)}"${more}`, path: [op, unknown] };
  }
  const text = value[key];
  if (typeof text === 'string' && text.trim() !== '') return { operation: make(text) };
  return {
    problem: `"${op}" needs the key "${key}", an expression that is not empty.`,
    path: text === undefined ? path : [op, key],
  };
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
