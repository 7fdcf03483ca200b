/** What the checks of files ask of the expression language, for texts one by one. */
import type { Json } from '../../values/json.ts';
import type { Position } from '../expressions/position.ts';
import { referencesOf, type ReferenceOptions, type References } from '../expressions/references.ts';

/** A text in a value, and where. */
export interface FoundText {
  /** Keys and indexes. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** A text, and what it reads. */
export interface ReadText extends FoundText {
  readonly position: Position;
  /** Whether there is an item here. */
  readonly fansOut: boolean;
  readonly reads: References;
}

/** What all texts in a value read. `ids` are those of the steps. */
export function textReads(
  value: unknown,
  path: readonly (string | number)[],
  position: Position,
  {
    ids,
    fansOut = false,
    itemName,
  }: Pick<ReferenceOptions, 'fansOut' | 'itemName'> & { readonly ids: readonly string[] },
): ReadText[] {
  return foundTexts(value, path).map((found) => {
    const text: Json = found.text;
    return { ...found, position, fansOut, reads: referencesOf(text, { position, ids, fansOut, itemName }) };
  });
}

/** All texts in a value, with their paths. */
export function foundTexts(value: unknown, path: readonly (string | number)[] = []): FoundText[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  const entries: readonly [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([key, inner]) => foundTexts(inner, [...path, key]));
}
