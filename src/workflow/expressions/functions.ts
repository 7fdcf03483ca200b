/** The functions of JMESPath. Each checks its arguments, gives JSON, and counts what it costs. */
import type { Json, JsonObject } from '../../values/json.ts';
import { equalJson } from './equal.ts';
import type { EvaluationBudget } from './limits.ts';

/** An argument such as `&price`: it is evaluated on each element. */
export class ItemExpression {
  /** The value of the expression on an element. */
  readonly of: (item: Json) => Json;

  constructor(of: (item: Json) => Json) {
    this.of = of;
  }
}

/** What a function can be given. */
export type Argument = Json | ItemExpression;

type Kind = 'any' | 'number' | 'string' | 'list' | 'object' | 'expression' | 'numbers' | 'strings';

interface FunctionEntry {
  /** What each argument may be. */
  readonly takes: readonly (readonly Kind[])[];
  /** The last argument may come several times. */
  readonly repeats?: boolean;
  // Arguments are checked by `takes` before, so an entry may declare the types that it takes.
  run(args: never, budget: EvaluationBudget): Json;
}

type Numbers = readonly number[];
type Strings = readonly string[];
type List = readonly Json[];

const by = (item: ItemExpression, list: List): readonly (readonly [key: number | string, value: Json])[] => {
  let kind: string | undefined;
  return list.map((value) => {
    const key = item.of(value);
    kind ??= typeof key;
    if ((typeof key !== 'number' && typeof key !== 'string') || typeof key !== kind)
      throw new Error(`all keys must be numbers, or all must be strings, came ${kindOf(key)}`);
    return [key, value] as const;
  });
};
const order = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0);
const extreme = <T>(list: readonly T[], better: (a: T, b: T) => boolean): T | undefined =>
  list.length === 0 ? undefined : list.reduce((best, each) => (better(each, best) ? each : best));

const entries: Readonly<Record<string, FunctionEntry>> = {
  abs: { takes: [['number']], run: ([n]: [number]) => Math.abs(n) },
  avg: { takes: [['numbers']], run: ([list]: [Numbers]) => (list.length === 0 ? null : sum(list) / list.length) },
  ceil: { takes: [['number']], run: ([n]: [number]) => Math.ceil(n) },
  contains: {
    takes: [['string', 'list'], ['any']],
    run: ([within, searched]: [string | List, Json], budget) =>
      typeof within === 'string'
        ? typeof searched === 'string' && within.includes(searched)
        : within.some((each) => equalJson(each, searched, budget)),
  },
  ends_with: { takes: [['string'], ['string']], run: ([text, end]: [string, string]) => text.endsWith(end) },
  floor: { takes: [['number']], run: ([n]: [number]) => Math.floor(n) },
  join: {
    takes: [['string'], ['strings']],
    run: ([glue, list]: [string, Strings], budget) => {
      // Before it is made: a text can double itself until memory ends.
      budget.checkText(list.reduce((length, each) => length + each.length + glue.length, 0));
      return list.join(glue);
    },
  },
  keys: { takes: [['object']], run: ([object]: [JsonObject]) => Object.keys(object) },
  length: {
    takes: [['string', 'list', 'object']],
    // A character is a code point, also outside the first plane.
    run: ([value]: [string | List | JsonObject]) =>
      typeof value === 'string' ? Array.from(value).length : isList(value) ? value.length : Object.keys(value).length,
  },
  map: { takes: [['expression'], ['list']], run: ([item, list]: [ItemExpression, List]) => list.map(item.of) },
  max: {
    takes: [['numbers', 'strings']],
    run: ([list]: [Numbers | Strings]) => extreme<number | string>(list, (a, b) => a > b) ?? null,
  },
  max_by: {
    takes: [['list'], ['expression']],
    run: ([list, item]: [List, ItemExpression]) => extreme(by(item, list), ([a], [b]) => a > b)?.[1] ?? null,
  },
  merge: {
    takes: [['object']],
    repeats: true,
    run: (objects: readonly JsonObject[]) => Object.fromEntries(objects.flatMap((each) => Object.entries(each))),
  },
  min: {
    takes: [['numbers', 'strings']],
    run: ([list]: [Numbers | Strings]) => extreme<number | string>(list, (a, b) => a < b) ?? null,
  },
  min_by: {
    takes: [['list'], ['expression']],
    run: ([list, item]: [List, ItemExpression]) => extreme(by(item, list), ([a], [b]) => a < b)?.[1] ?? null,
  },
  not_null: { takes: [['any']], repeats: true, run: (values: List) => values.find((each) => each !== null) ?? null },
  reverse: {
    takes: [['string', 'list']],
    run: ([value]: [string | List]) =>
      typeof value === 'string' ? Array.from(value).toReversed().join('') : value.toReversed(),
  },
  sort: { takes: [['numbers', 'strings']], run: ([list]: [Numbers | Strings]) => [...list].toSorted(order) },
  sort_by: {
    takes: [['list'], ['expression']],
    run: ([list, item]: [List, ItemExpression]) =>
      by(item, list)
        .toSorted(([a], [b]) => order(a, b))
        .map(([, value]) => value),
  },
  starts_with: { takes: [['string'], ['string']], run: ([text, start]: [string, string]) => text.startsWith(start) },
  sum: { takes: [['numbers']], run: ([list]: [Numbers]) => sum(list) },
  to_array: { takes: [['any']], run: ([value]: [Json]) => (Array.isArray(value) ? value : [value]) },
  to_number: {
    takes: [['any']],
    run: ([value]: [Json]) => {
      const number =
        typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
      return Number.isFinite(number) ? number : null;
    },
  },
  to_string: {
    takes: [['any']],
    run: ([value]: [Json], budget) => {
      if (typeof value === 'string') return value;
      // A small expression can build a value whose text is enormous.
      budget.checkSize(value);
      const text = JSON.stringify(value);
      budget.checkText(text.length);
      return text;
    },
  },
  type: { takes: [['any']], run: ([value]: [Json]) => kindOf(value) },
  values: { takes: [['object']], run: ([object]: [JsonObject]) => Object.values(object) },
};

/** The names of all functions. */
export const functionNames: ReadonlySet<string> = new Set(Object.keys(entries));

/** Calls a function. Throws an error whose message says what does not fit. */
export function callFunction(name: string, args: readonly Argument[], budget: EvaluationBudget): Json {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (!entry) throw new Error(`there is no function ${name}()`);
  const { takes } = entry;
  if (entry.repeats ? args.length < takes.length : args.length !== takes.length)
    throw new Error(
      `${name}() takes ${entry.repeats ? 'at least ' : ''}${takes.length} argument${takes.length === 1 ? '' : 's'}, came ${args.length}`,
    );
  args.forEach((arg, at) => {
    const kinds = takes[Math.min(at, takes.length - 1)] ?? [];
    if (!kinds.some((kind) => fits(arg, kind)))
      throw new Error(
        `${name}() takes ${kinds.map((kind) => kindNames[kind]).join(' or ')} as argument ${at + 1}, came ${kindOf(arg)}`,
      );
    budget.spend(sizeHint(arg));
  });
  // Checked above.
  const result = entry.run(args as never, budget);
  return typeof result === 'object' && result !== null ? budget.made(result) : result;
}

const kindNames: Readonly<Record<Kind, string>> = {
  any: 'any value',
  number: 'a number',
  string: 'a string',
  list: 'a list',
  object: 'an object',
  expression: 'an expression such as &name',
  numbers: 'a list of numbers',
  strings: 'a list of strings',
};

function fits(arg: Argument, kind: Kind): boolean {
  if (kind === 'numbers') return isList(arg) && arg.every((each) => typeof each === 'number');
  if (kind === 'strings') return isList(arg) && arg.every((each) => typeof each === 'string');
  const actual = kindOf(arg);
  return kind === 'any'
    ? actual !== 'expref'
    : actual === kind || (kind === 'list' && actual === 'array') || (kind === 'expression' && actual === 'expref');
}

/** The name of a type, as the function `type` gives it. */
function kindOf(value: Argument): string {
  if (value instanceof ItemExpression) return 'expref';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const sum = (list: Numbers): number => list.reduce((total, each) => total + each, 0);
const isList = (value: Argument | List): value is List => Array.isArray(value);
/** What it costs to look at an argument: its elements, or a part of its characters. */
const sizeHint = (value: Argument): number =>
  typeof value === 'string' ? value.length >> 4 : isList(value) ? value.length : 1;
