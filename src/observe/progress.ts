/** Shows what the actors of a run are doing: a block that redraws itself on a terminal, or one line per change in a pipe. */
import type { Clock } from '../values/clock.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { stallText } from './stallText.ts';
import { actorRows } from './actorRows.ts';
import { escapeControls, formatDuration, truncateText, warningOf } from './format.ts';
import type { ProgressRow, RowStatus } from './progressRows.ts';
import { workerRows } from './workerRows.ts';

/** How progress is shown. */
export interface ProgressOptions {
  /** The name of what runs. */
  name: string;
  /** Every actor with its states and effects, instead of who does what in plain words; false by default. */
  verbose?: boolean;
  /** A block that is redrawn in place, instead of one line per change; false by default. */
  terminal?: boolean;
  /** Colours in the block and in warnings; false by default. */
  color?: boolean;
  /** The width of the terminal in characters; 100 by default. */
  columns?: number;
  /** Actors in the block at most; 12 by default. */
  rows?: number;
  /** Tells the time and wakes for redrawing. */
  clock: Pick<Clock, 'now' | 'wake'>;
}

/** A progress display; give `observe` every inspection event. Disposing it draws the block a last time. */
export interface Progress extends Disposable {
  readonly observe: Observer;
  /** Removes the block so that other text can be written, until what is returned is disposed. */
  pause(): Disposable;
}

/** Milliseconds from an event until the block is redrawn, and between redraws without events. */
const redrawDelay = 80;
const redrawInterval = 1_000;

/** Shows progress on `out`. */
export function progress(out: { write(text: string): unknown }, options: ProgressOptions): Progress {
  const { terminal = false, color = false, columns = 100, rows = 12, clock, name, verbose = false } = options;
  const shown = verbose ? actorRows() : workerRows(name);
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  let begun: number | undefined;
  let drawn = 0;
  let next: Disposable | undefined;
  let ended = false;
  let pauses = 0;

  function observe(event: Inspection): void {
    if (ended) return;
    begun ??= event.at;
    const warning = event.type === 'progress' ? warningOf(event.note) : undefined;
    if (warning !== undefined) return warn(event.at, shown.nameOf(event.actor), warning);
    if (event.type === 'stalled' || event.type === 'continued')
      return warn(event.at, shown.nameOf(event.actor), stallText(event));
    const lines = shown.apply(event);
    if (terminal) return redrawIn(redrawDelay);
    for (const line of lines) out.write(`${elapsed(event.at)}  ${line}\n`);
  }

  /** A warning stays on the screen, above the block if there is one. */
  function warn(at: number, name: string, warning: string): void {
    clear();
    out.write(`${elapsed(at)}  ${name}  ${paint(33, `warning: ${escapeControls(warning)}`)}\n`);
    if (terminal && pauses === 0) draw();
  }

  function redrawIn(ms: number): void {
    next ??= clock.wake(clock.now() + ms, () => {
      next = undefined;
      if (pauses === 0) draw();
      redrawIn(redrawInterval);
    });
  }

  function draw(): void {
    clear();
    const lines = block();
    drawn = lines.length;
    out.write(`${lines.join('\n')}\n`);
  }

  function clear(): void {
    if (drawn > 0) out.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  }

  function block(): string[] {
    const all = [...shown.rows()].sort((a, b) => rank[a.status] - rank[b.status] || b.changed - a.changed);
    const lines = all.slice(0, rows).map((row) => paint(colors[row.status], truncateText(lineOf(row), columns - 1)));
    if (all.length > rows) lines.push(paint(90, `  and ${all.length - rows} more`));
    const total = [elapsed(clock.now()), shown.used()].filter(Boolean).join(' · ');
    lines.push(paint(1, truncateText(`  ${total}`, columns - 1)));
    return lines;
  }

  function lineOf({ status, text, changed }: ProgressRow): string {
    const idle = rank[status] < 2 ? ` ${formatDuration(clock.now() - changed)}` : '';
    return `${marks[status]} ${text}${idle}`;
  }

  const elapsed = (at: number) => formatDuration(at - (begun ?? at));

  return {
    observe,
    pause() {
      pauses++;
      clear();
      let over = false;
      return {
        [Symbol.dispose]() {
          if (!over) pauses--;
          over = true;
        },
      };
    },
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      next?.[Symbol.dispose]();
      if (terminal && begun !== undefined) draw();
    },
  };
}

/** Those that wait for a person first, then those that are active, then those that have ended. */
const rank: Record<RowStatus, number> = { asking: 0, working: 1, idle: 1, done: 2, failed: 2, stopped: 2 };
const marks: Record<RowStatus, string> = { asking: '?', working: '●', idle: '○', done: '✓', failed: '✗', stopped: '■' };
const colors: Record<RowStatus, number> = { asking: 33, working: 0, idle: 0, done: 90, failed: 31, stopped: 90 };
