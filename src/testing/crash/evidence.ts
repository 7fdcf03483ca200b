/** What is seen of a run while it goes on, through all its processes. */
import type { Deed } from './deeds.ts';
import type { Death } from './life.ts';
import type { Point } from './points.ts';

export class Evidence {
  /** The points of the first process, in the order they were come to. */
  readonly points: string[] = [];
  /** Everything that happened, in words. */
  readonly steps: string[] = [];
  /** At which step the process died. */
  died: number | undefined;
  readonly deeds: Deed[] = [];
  /** Effects that were begun although their result was in the ledger. */
  readonly repeated: string[] = [];
  /** Keys of writes that were said to be uncertain: somebody is told, and decides. */
  readonly uncertain: string[] = [];
  readonly #ledger = new Set<string>();

  reached(process: number, { what }: Point): void {
    if (process === 1) this.points.push(what);
    this.steps.push(`process ${process}: ${what}`);
  }

  kept({ results }: Point): void {
    for (const { key, outcome } of results) {
      this.#ledger.add(key);
      if (!outcome.ok && outcome.failure.kind === 'uncertain') this.uncertain.push(key);
    }
  }

  began(process: number, name: string, key: string): void {
    this.steps.push(`process ${process}: begins "${name}" under ${key}`);
    if (this.#ledger.has(key)) this.repeated.push(`"${name}" was begun again under ${key}, whose result was known`);
  }

  performed(deed: Deed): void {
    this.deeds.push(deed);
  }

  ended(process: number, { when }: Death): void {
    this.died = this.steps.length;
    this.steps.push(`process ${process} is killed ${when} that, and process ${process + 1} goes on`);
  }
}
