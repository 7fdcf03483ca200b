/** Fits a YAML file to its schema: every place that does not fit is a problem with line and column. */
import type * as z from 'zod';
import { describeValue } from '../../values/explain.ts';
import type { YamlFile } from './yaml/parseYaml.ts';
import type { FileProblem } from './problem.ts';

/** What a file holds, and everything that is wrong in it. */
export interface Fitted<Value> {
  readonly yaml: YamlFile;
  /** Undefined when it does not fit. */
  readonly value?: Value;
  readonly problems: readonly FileProblem[];
}

/** Checks the value of a file. What could not be read has the problems of the reading. Keys that there are not are problems, and are left out of the value. */
export function fit<Schema extends z.ZodType>(schema: Schema, yaml: YamlFile): Fitted<z.output<Schema>> {
  if (yaml.value === undefined) return { yaml, problems: yaml.problems };
  // An empty file is an empty map.
  const value = yaml.value ?? {};
  const parsed = schema.safeParse(value);
  if (parsed.success) return { yaml, value: parsed.data, problems: yaml.problems };
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, []));
  const problems = [...yaml.problems, ...faults.flatMap((fault) => problemsOf(fault, yaml))];
  const isKnown = faults.every(({ issue }) => issue.code === 'unrecognized_keys');
  const known = isKnown ? schema.safeParse(withoutKeys(value, faults)) : undefined;
  return { yaml, problems, ...(known?.success && { value: known.data }) };
}

/** An issue, as zod tells it; of a union, those of the alternative that fits best. */
type Issue = z.core.$ZodIssue;

/** An issue with its path from the top of the file. */
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly issue: Issue;
}

function faultsOf(issue: Issue, above: readonly PropertyKey[]): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const closest = issue.errors.find((issues) =>
      issues.every(({ path: inner, code }) => inner.length > 0 || code === 'unrecognized_keys'),
    );
    if (closest) return closest.flatMap((inner) => faultsOf(inner, path));
  }
  return [{ path, issue }];
}

function problemsOf({ path, issue }: Fault, yaml: YamlFile): FileProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, at) =>
      yaml.problem([...path, key], messages[at] ?? `There is no key "${key}" here.`, { key: true }),
    );
  }
  const came = path.reduce(propertyAt, yaml.value);
  const expected = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
  return [
    yaml.problem(path, `${came === undefined ? missing(path) : ''}${expected}, and here is ${describeValue(came)}.`),
  ];
}

/** A copy of the value without the keys that there are not. */
function withoutKeys(value: unknown, faults: readonly Fault[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const { path, issue } of faults) {
    const map = path.reduce(propertyAt, copy);
    if (issue.code !== 'unrecognized_keys' || typeof map !== 'object' || map === null) continue;
    for (const key of issue.keys) Reflect.deleteProperty(map, key);
  }
  return copy;
}

const missing = (path: readonly PropertyKey[]) => `The key "${String(path.at(-1))}" is missing: `;

const propertyAt = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
