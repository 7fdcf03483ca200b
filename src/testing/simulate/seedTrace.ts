/** The trace of one seed: a line for everything that happens, and the hash of them all. */
import { createHash } from 'node:crypto';
import type { Inspection } from '../../contracts/inspection.ts';

/** Lines that are kept at the least. */
const minLinesKept = 400;

/** One for each seed. */
export class SeedTrace {
  /** The last lines, or all of them; oldest first. */
  readonly lines: string[] = [];
  readonly #hash = createHash('sha256');
  readonly #prefix: () => string;
  readonly #isWhole: boolean;

  /** `prefix` says when: the time and the step. `isWhole`: every line is kept, from the start. */
  constructor(prefix: () => string, isWhole: boolean) {
    this.#prefix = prefix;
    this.#isWhole = isWhole;
  }

  note(what: string): void {
    const line = `${this.#prefix()} ${what}`;
    this.#hash.update(line);
    this.lines.push(line);
    if (!this.#isWhole && this.lines.length > 2 * minLinesKept) this.lines.splice(0, minLinesKept);
  }

  /** Progress is not traced: it is kept nowhere. */
  inspected(process: string, event: Inspection): void {
    if (event.type !== 'progress') this.note(`${process} ${event.type} ${event.actor} ${detailOf(event)}`);
  }

  /** Of everything so far; can be called once. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }
}

function detailOf(event: Exclude<Inspection, { type: 'progress' }>): string {
  if (event.type === 'commit') {
    const end = event.status === 'active' ? '' : ` (${event.status})`;
    return `${event.seq} ${event.event.type} -> ${JSON.stringify(event.state)}${end}`;
  }
  if ('key' in event) return `${event.name} ${event.key}`;
  return 'failure' in event ? `${event.failure.kind}: ${event.failure.message}` : '';
}
