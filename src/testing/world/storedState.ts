/** What the snapshot in an actor's row says, as far as the checks read it. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { ActorRow } from '../../journal/journal.ts';

/** Each part is undefined where the snapshot has none. */
export interface StoredState {
  /** The id of the machine that wrote it. */
  readonly machine: string | undefined;
  readonly output: Json | undefined;
  readonly context: JsonObject | undefined;
  readonly failure: Json | undefined;
}

interface SnapshotShape {
  readonly machine?: string;
  readonly state?: { readonly output?: Json; readonly context?: JsonObject };
  readonly failure?: Json;
}

/** Reads the snapshot of a row. */
export function storedState({ snapshot }: Pick<ActorRow, 'snapshot'>): StoredState {
  // The engine wrote it (`StoredSnapshot`).
  const { machine, state, failure } = (snapshot ?? {}) as SnapshotShape;
  return { machine, output: state?.output, context: state?.context, failure };
}
