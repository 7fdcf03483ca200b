/** What the processes of a world were told: which writes were acknowledged or refused, and what they read. */

/** A reading of a run: the ids of its events, in order. */
export interface Reading {
  readonly by: string;
  readonly run: string;
  readonly ids: readonly string[];
  /** Events of the run that were acknowledged when the reading began; undefined where the reader took the run for its own. */
  readonly known: readonly string[] | undefined;
}

/** One for all processes of a world. */
export class Evidence {
  /** By run: the ids of events whose commits were acknowledged, in that order. */
  readonly acknowledged = new Map<string, string[]>();
  /** Ids of events whose commits were refused, and never were of unknown outcome. */
  readonly refused = new Map<string, string>();
  /** By run: the ids of messages whose posting was acknowledged. */
  readonly posted = new Map<string, Set<string>>();
  readonly readings: Reading[] = [];
  /** What nobody should ever see. */
  readonly wrong: string[] = [];

  acknowledge(run: string, ...ids: readonly string[]): void {
    const known = this.acknowledged.get(run);
    if (known) known.push(...ids);
    else this.acknowledged.set(run, [...ids]);
  }

  post(run: string, id: string): void {
    const known = this.posted.get(run);
    if (known) known.add(id);
    else this.posted.set(run, new Set([id]));
  }

  knownOf(run: string): readonly string[] {
    return [...(this.acknowledged.get(run) ?? [])];
  }
}
