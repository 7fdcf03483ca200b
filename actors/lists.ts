/** Reads an actor's append-only lists. */
import type { EffectScope, ListFold } from '../src/contracts/effect.ts';

/** The entries of a list, oldest first. The actor wrote them itself, so they are of the type that it appends to this list. */
export async function entriesOf<Entry>(scope: Pick<EffectScope, 'list'>, name: string): Promise<readonly Entry[]> {
  const entries: readonly unknown[] = await scope.list(name);
  return entries as readonly Entry[];
}

/** What a fold makes of the entries of a list; computed anew where the scope keeps nothing. */
export async function foldOf<T>(
  { list, fold }: Pick<EffectScope, 'list' | 'fold'>,
  name: string,
  by: ListFold<T>,
): Promise<T> {
  return fold ? fold(name, by) : (await list(name)).reduce<T>((value, entry) => by.add(value, entry), by.initial());
}
