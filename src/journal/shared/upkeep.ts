/** When a process moves what it holds into segments and deletes what nobody needs. */

/** Times and sizes; only tests change them. */
export interface Upkeep {
  /** Milliseconds without a write after which the replica of a run is dropped. */
  readonly quietTime: number;
  /** The log is trimmed when so many bytes were written since the last time. */
  readonly trimBytes: number;
  /**
   * How long an ended log stays when nobody needs it any more; milliseconds. A process that stood still in the middle of a claim may still make it: then its
   * log names the run.
   */
  readonly keepEndedLog: number;
}

/** The usual ones. */
export const usualUpkeep: Upkeep = { quietTime: 5_000, trimBytes: 4_000_000, keepEndedLog: 600_000 };
