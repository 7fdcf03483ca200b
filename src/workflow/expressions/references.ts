/** What templates read, found without evaluating them: for edges between steps, and for checks of a file. */
import { isJsonObject, type Json } from '../../values/json.ts';
import type { SyntaxProblem } from './jmespath.ts';
import { meaningOf, namespaces, type Meaning } from './meaning.ts';
import type { Position } from './position.ts';
import { readsOf, type ReadPath } from './reads.ts';
import { stepOrder } from './stepOrder.ts';

/** What a value with templates reads. Each name once, in the order of reading. */
export interface References {
  /** Ids of steps; also such as are not known, when they are read as `step.ID`. */
  readonly steps: readonly string[];
  /** Names of variables. */
  readonly env: readonly string[];
  /** Names of parameters. */
  readonly params: readonly string[];
  /** Whether `item`, `item_index` or the other name of the item is read. */
  readonly item: boolean;
  /** Namespaces that are read as a whole, such as `env` in `keys(env)`. */
  readonly whole: readonly ('step' | 'env' | 'params')[];
  /** Names that stand for nothing: no namespace, and no known step. */
  readonly unknown: readonly string[];
  /** The first template that cannot be read. */
  readonly problem?: SyntaxProblem;
}

/** Where templates stand, and which steps there are. */
export interface ReferenceOptions {
  /** `param` by default. */
  readonly position?: Position;
  /** The ids of the steps of the workflow, which expressions may also read without `step.`; none by default. */
  readonly ids?: readonly string[];
  /** Whether the step fans out, so that `item` is known; false by default. */
  readonly fansOut?: boolean;
  /** Another name for `item`; none by default. */
  readonly itemName?: string | undefined;
}

const noIds: readonly string[] = [];

/** Finds what all templates in a value read. */
export function referencesOf(
  raw: Json,
  { position = 'param', ids = noIds, fansOut = false, itemName }: ReferenceOptions = {},
): References {
  const isName = (name: string): boolean =>
    isItem(name, itemName) ? fansOut : namespaces.includes(name) || stepOrder(ids).has(name);
  const paths: ReadPath[] = [];
  let problem: SyntaxProblem | undefined;
  const visit = (inner: Json): void => {
    if (typeof inner === 'string') {
      const meaning = meaningOf(inner, position, isName);
      if (meaning.is === 'wrong') problem ??= meaning.problem;
      else paths.push(...pathsOf(meaning));
    } else if (Array.isArray(inner)) (inner as readonly Json[]).forEach(visit);
    else if (isJsonObject(inner)) Object.values(inner).forEach(visit);
  };
  visit(raw);
  return { ...sorted(paths, ids, itemName), ...(problem ? { problem } : {}) };
}

function pathsOf(meaning: Exclude<Meaning, { is: 'wrong' }>): readonly ReadPath[] {
  if (meaning.is === 'variable') return [['env', meaning.name]];
  if (meaning.is === 'expression') return readsOf(meaning.expression.tree);
  if (meaning.is !== 'mixed') return [];
  return meaning.parts.flatMap((part) => (typeof part === 'string' ? [] : readsOf(part.tree)));
}

const isItem = (name: string, itemName: string | undefined): boolean =>
  name === 'item' || name === 'item_index' || name === itemName;

function sorted(
  paths: readonly ReadPath[],
  ids: readonly string[],
  itemName: string | undefined,
): Omit<References, 'problem'> {
  const [steps, env, params, unknown] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const whole = new Set<'step' | 'env' | 'params'>();
  let item = false;
  for (const [space, name] of paths) {
    if (space === undefined) {
      for (const each of ['step', 'env', 'params'] as const) whole.add(each);
    } else if (space === 'step' || space === 'env' || space === 'params') {
      if (name === undefined) whole.add(space);
      else ({ step: steps, env, params })[space].add(name);
    } else if (isItem(space, itemName)) item = true;
    else if (stepOrder(ids).has(space)) steps.add(space);
    // `x != null` works because null is a name that stands for nothing.
    else if (space !== 'null') unknown.add(space);
  }
  return { steps: [...steps], env: [...env], params: [...params], item, whole: [...whole], unknown: [...unknown] };
}
