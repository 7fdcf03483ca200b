/** Reads an actor's append-only lists. */
import type { EffectScope } from '../src/contracts/effect.ts';

/** The entries of a list, oldest first. The actor wrote them itself, so they are of the type that it appends to this list. */
export async function entriesOf<Entry>(scope: Pick<EffectScope, 'list'>, name: string): Promise<readonly Entry[]> {
  const entries: readonly unknown[] = await scope.list(name);
  return entries as readonly Entry[];
}
