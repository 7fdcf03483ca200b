/**
 * Where the items of one step note what is done, and under which keys they are done. Each note says of which step and of which list it is: in a retry with a
 * corrected file the list may be another one, and what was done of the first items of the old list says nothing of those of the new one.
 */
import type { Checkpoint, EffectScope } from '../../src/contracts/effect.ts';
import { canonicalJson, isJsonObject, type Json } from '../../src/values/json.ts';
import { textHash } from '../hash.ts';

/** What the items of one step work with. */
export interface ItemNotes {
  /** Its checkpoints are those of this list. */
  readonly scope: EffectScope;
  /** What the keys of the items have after the actor. */
  readonly keys: string;
}

/** For the items of a step. */
export async function itemNotesOf(step: string, items: readonly Json[], scope: EffectScope): Promise<ItemNotes> {
  const { again, checkpoint, checkpoints, retries = 0 } = scope;
  const plain = `item/${encodeURIComponent(step)}`;
  if (!checkpoint || !checkpoints) return { scope, keys: plain };
  const list = textHash(canonicalJson(items));
  const ofStep = async () => (await checkpoints()).flatMap((stored) => noteIn(step, stored) ?? []);
  const [first] = again || retries > 0 ? await ofStep() : [];
  return {
    // An item of another list must not have the key of one that was done.
    keys: first === undefined || isOf(first, list) ? plain : `${plain}/${list}`,
    scope: {
      ...scope,
      checkpoint: (entry) => checkpoint({ step, list, entry }),
      checkpoints: async () => (await ofStep()).flatMap((note) => (isOf(note, list) ? [note.checkpoint] : [])),
    },
  };
}

/** A note of this step; undefined for one of another step. */
function noteIn(step: string, { entry, ...stored }: Checkpoint) {
  if (!isJsonObject(entry) || entry['step'] !== step) return undefined;
  return { list: entry['list'], checkpoint: { ...stored, entry: entry['entry'] ?? null } };
}

/** Earlier versions did not write down of which list a note is. */
const isOf = (note: { readonly list: Json | undefined }, list: string): boolean =>
  note.list === undefined || note.list === list;
