/** The one check of option objects: an option that there is not is refused by name, because from JavaScript a wrong name would silently be no option at all. */
import { editDistance } from './editDistance.ts';
import { TroupeError } from './failure.ts';

/** The names of all options of `T`. The compiler refuses a list that lacks one, so that a new option cannot be forgotten. */
export type OptionNames<T> = { readonly [Name in keyof T]-?: true };

/**
 * Throws `definition` for an option that there is not, with the name that was probably meant. What is no object is left to those who need it.
 * `what` is where the options were given, such as `tool "pay"`.
 */
export function requireOptions<T extends object>(what: string, given: T | undefined, names: OptionNames<T>): void {
  if (typeof given !== 'object' || given === null || areKnown(given, names)) return;
  const problem = unknownNames(Object.keys(given), Object.keys(names));
  if (problem !== undefined)
    throw new TroupeError('definition', `${what} ${problem}${problem.endsWith('?') ? '' : '.'}`);
}

function areKnown(given: object, names: object): boolean {
  for (const name in given) if (!Object.hasOwn(names, name)) return false;
  return true;
}

/** `has no option "efect"; did you mean "effect"?` Undefined when all names are known. */
export function unknownNames(given: readonly string[], known: readonly string[]): string | undefined {
  const [first, ...others] = given.filter((name) => !known.includes(name));
  if (first === undefined) return undefined;
  const meant = nearestName(first, known);
  const more = others.length === 0 ? '' : ` (nor ${others.map((name) => `"${name.slice(0, 60)}"`).join(', ')})`;
  return `has no option "${first.slice(0, 60)}"${more}${meant === undefined ? `; it has ${known.join(', ')}` : `; did you mean "${meant}"?`}`;
}

/**
 * The known name that was probably meant: the fewest changes away, at most a third of its letters, or another form of the same word ("retries" for
 * "retry"). A swap of two letters is one change.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((each) => ({ each, distance: editDistance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, distance: far }) => far <= Math.max(1, Math.floor(each.length / 3)) || beginsAlike(name, each))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.each;
}

const beginsAlike = (name: string, known: string): boolean =>
  known.length >= 4 && name.toLowerCase().startsWith(known.toLowerCase().slice(0, 4));
