/** What became under one seed of the run while it waited. */

/** How often each happened; zeros without `atRest`. */
export interface RestCounts {
  /** The run was taken over without being loaded. */
  readonly taken: number;
  /** Something came for it, and it was to be loaded. */
  readonly woken: number;
  /** It could not be loaded then. */
  readonly failedWakes: number;
  /** It was given back while it was being loaded. */
  readonly releasedWhileWaking: number;
}

/** Counts from zero. */
export const noRests = (): RestCounts => ({ taken: 0, woken: 0, failedWakes: 0, releasedWhileWaking: 0 });
