/** A definition that was loaded from a file. */
import type { Json } from '../values/json.ts';
import type { Runnable } from '../runtime/runtime.ts';

/** A loaded definition. */
export interface LoadedDefinition {
  /** The absolute path. */
  readonly file: string;
  readonly subject: Runnable;
  /** Is the default export a function, which was called with the settings? */
  readonly isFromFunction: boolean;
  /** Everything that the file exports. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** Turns the output of a run into what is printed; printed as it is by default. */
  readonly formatOutput?: (output: Json, run: string) => Json;
}
