/** Shows what the actors of a run are doing: a block that redraws itself on a terminal, or one line per change in a pipe. */
import type { Clock } from '../values/clock.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { actorViews, type ActorView } from './actorViews.ts';
import {
  formatCount,
  truncateText,
  formatDuration,
  formatMoney,
  shortenState,
  escapeControls,
  warningOf,
} from './format.ts';

/** How progress is shown. */
export interface ProgressOptions {
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
  const { terminal = false, color = false, columns = 100, rows = 12, clock } = options;
  const actors = actorViews();
  const written = new Map<string, string>();
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
    if (warning !== undefined) return warn(event.at, event.actor, warning);
    const view = actors.apply(event);
    if (terminal) return redrawIn(redrawDelay);
    if (view && event.type === 'commit') writeChange(view, event.at);
    else if (event.type === 'effect.failed' || event.type === 'restarted' || event.type === 'dead') {
      out.write(
        `${elapsed(event.at)}  ${event.actor}  ${event.type}: ${escapeControls(event.failure?.message ?? '')}\n`,
      );
    }
  }

  /** Writes a line when the summary of an actor changed. */
  function writeChange(view: ActorView, at: number): void {
    const line = summary(view);
    if (written.get(view.actor) === line) return;
    written.set(view.actor, line);
    out.write(`${elapsed(at)}  ${line}\n`);
  }

  /** A warning stays on the screen, above the block if there is one. */
  function warn(at: number, actor: string, warning: string): void {
    clear();
    out.write(`${elapsed(at)}  ${actor}  ${paint(33, `warning: ${escapeControls(warning)}`)}\n`);
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
    const all = [...actors.views.values()];
    const shown = all.sort((a, b) => rank(a) - rank(b) || b.lastChanged - a.lastChanged).slice(0, rows);
    const lines = shown.map((view) => {
      const idle = view.status === 'active' ? ` ${formatDuration(clock.now() - view.lastChanged)}` : '';
      const text = truncateText(`${mark(view)} ${summary(view)}${idle}`, columns - 1);
      return paint(
        view.status === 'failed' ? 31 : view.question !== undefined ? 33 : view.status === 'active' ? 0 : 90,
        text,
      );
    });
    if (all.length > shown.length) lines.push(paint(90, `  and ${all.length - shown.length} more`));
    lines.push(paint(1, truncateText(`  ${totals(all)}`, columns - 1)));
    return lines;
  }

  function totals(all: readonly ActorView[]): string {
    // A run counts what its members used, so only actors whose children count nothing are added up.
    const counted = new Set(all.filter((view) => view.usage).map(({ parent }) => parent));
    const used = all.flatMap((view) => (view.usage && !counted.has(view.actor) ? [view.usage] : []));
    const sum = (pick: (one: (typeof used)[number]) => number) => used.reduce((total, one) => total + pick(one), 0);
    const usd = used.some((one) => one.usd === null) ? null : sum((one) => one.usd ?? 0);
    const parts =
      used.length > 0
        ? [turns(sum((one) => one.steps)), `${formatCount(sum((one) => one.tokens))} tokens`, formatMoney(usd)]
        : [];
    return [elapsed(clock.now()), ...parts].join(' · ');
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

/** Actors that wait for a person first, then those that are active, then those that have ended. */
const rank = ({ status, question }: ActorView) => (status === 'active' ? (question === undefined ? 1 : 0) : 2);
/** A machine that failed may end with the status `done`; the name of its last state says so. */
const hasFailed = ({ status, state }: ActorView) =>
  status === 'failed' || (status === 'done' && /fail|cancel|expired|aborted/.test(state));
const mark = (view: ActorView) => (hasFailed(view) ? '✗' : markOf(view));
const markOf = ({ status, runningEffects, question }: ActorView) =>
  status === 'done'
    ? '✓'
    : status === 'stopped'
      ? '■'
      : question === undefined
        ? runningEffects.size > 0
          ? '●'
          : '○'
        : '?';
const turns = (steps: number) => `${steps} ${steps === 1 ? 'turn' : 'turns'}`;

function summary({ actor, state, status, tags, runningEffects, usage, failure, question }: ActorView): string {
  const held = status === 'active' ? tags.filter((tag) => tag === 'paused' || tag === 'recovering').join(', ') : '';
  const where =
    status === 'failed'
      ? `failed: ${failure?.message ?? state}`
      : status === 'stopped'
        ? status
        : shortenState(state) || status;
  const what =
    status === 'active' && runningEffects.size > 0 ? `(${[...new Set(runningEffects.values())].join(', ')})` : '';
  const ask = status === 'active' && question !== undefined ? `waits for a person: ${question}` : '';
  const cost = usage ? `${turns(usage.steps)}, ${formatCount(usage.tokens)} tokens, ${formatMoney(usage.usd)}` : '';
  return escapeControls([actor, ask || where, held, what, cost].filter(Boolean).join('  '));
}
