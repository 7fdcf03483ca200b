/** What every check of files is given. */
import type { Sources } from '../project/sources.ts';

/** The files around the one that is checked. */
export interface CheckContext {
  readonly sources: Sources;
  /** The model groups of gateway.yaml; undefined when there is no such file, or groups are not checked. */
  readonly groups?: ReadonlySet<string>;
  /** By workflow file: the parameters that are secret because they say so, or because a workflow passes a secret to them. */
  readonly secretParams: ReadonlyMap<string, ReadonlySet<string>>;
}
