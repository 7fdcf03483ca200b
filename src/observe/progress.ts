/** Shows a person who is doing what: a small block that redraws itself on a terminal, one line per change in a pipe. */
import type { Clock } from '../contracts/clock.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { board, type Standing } from './board.ts';
import { countWords, cut, durationWords, moneyWords, shortState, visible, warningIn } from './words.ts';

export interface ProgressOptions {
  /** A block that is redrawn in place; one line per change otherwise. */
  terminal?: boolean;
  color?: boolean;
  columns?: number;
  /** Rows of the block at most. */
  rows?: number;
  clock: Pick<Clock, 'now' | 'wake'>;
}

export interface Progress extends Disposable {
  readonly observe: Observer;
  /** Takes the block away so that something else can be written, until what it returns is disposed. */
  pause(): Disposable;
}

/** How often the block is redrawn when much happens, and when nothing does; milliseconds. */
const soon = 80;
const tick = 1_000;

export function progress(out: { write(text: string): unknown }, options: ProgressOptions): Progress {
  const { terminal = false, color = false, columns = 100, rows = 12, clock } = options;
  const seen = board();
  const said = new Map<string, string>();
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  let begun: number | undefined;
  let drawn = 0;
  let next: Disposable | undefined;
  let ended = false;
  let pauses = 0;

  function observe(event: Inspection): void {
    if (ended) return;
    begun ??= event.at;
    const warning = event.type === 'progress' ? warningIn(event.note) : undefined;
    if (warning !== undefined) return warn(event.at, event.actor, warning);
    const standing = seen.see(event);
    if (terminal) return plan(soon);
    if (standing && event.type === 'commit') say(standing, event.at);
    else if (event.type === 'effect.failed' || event.type === 'restarted' || event.type === 'dead') {
      out.write(`${elapsed(event.at)}  ${event.actor}  ${event.type}: ${visible(event.failure?.message ?? '')}\n`);
    }
  }

  /** A line when something changed that a person would want to know. */
  function say(standing: Standing, at: number): void {
    const line = summary(standing);
    if (said.get(standing.actor) === line) return;
    said.set(standing.actor, line);
    out.write(`${elapsed(at)}  ${line}\n`);
  }

  /** Stays on the screen: above the block, where there is one. */
  function warn(at: number, actor: string, warning: string): void {
    clear();
    out.write(`${elapsed(at)}  ${actor}  ${paint(33, `warning: ${visible(warning)}`)}\n`);
    if (terminal && pauses === 0) draw();
  }

  function plan(ms: number): void {
    next ??= clock.wake(clock.now() + ms, () => {
      next = undefined;
      if (pauses === 0) draw();
      plan(tick);
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
    const all = [...seen.standings.values()];
    const shown = all.sort((a, b) => rank(a) - rank(b) || b.moved - a.moved).slice(0, rows);
    const lines = shown.map((standing) => {
      const idle = standing.status === 'active' ? ` ${durationWords(clock.now() - standing.moved)}` : '';
      const text = cut(`${mark(standing)} ${summary(standing)}${idle}`, columns - 1);
      return paint(
        standing.status === 'failed'
          ? 31
          : standing.question !== undefined
            ? 33
            : standing.status === 'active'
              ? 0
              : 90,
        text,
      );
    });
    if (all.length > shown.length) lines.push(paint(90, `  and ${all.length - shown.length} more`));
    lines.push(paint(1, cut(`  ${totals(all)}`, columns - 1)));
    return lines;
  }

  function totals(all: readonly Standing[]): string {
    // A run counts what its members used: only those whose own children count nothing are added up.
    const counted = new Set(all.filter((standing) => standing.used).map(({ parent }) => parent));
    const used = all.flatMap((standing) => (standing.used && !counted.has(standing.actor) ? [standing.used] : []));
    const sum = (pick: (one: (typeof used)[number]) => number) => used.reduce((total, one) => total + pick(one), 0);
    const usd = used.some((one) => one.usd === null) ? null : sum((one) => one.usd ?? 0);
    const parts =
      used.length > 0
        ? [turns(sum((one) => one.steps)), `${countWords(sum((one) => one.tokens))} tokens`, moneyWords(usd)]
        : [];
    return [elapsed(clock.now()), ...parts].join(' · ');
  }

  const elapsed = (at: number) => durationWords(at - (begun ?? at));

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

/** People first, then who works, then who is done. */
const rank = ({ status, question }: Standing) => (status === 'active' ? (question === undefined ? 1 : 0) : 2);
/** A machine may come to its end by failing, which its last state says. */
const endedBadly = ({ status, state }: Standing) =>
  status === 'failed' || (status === 'done' && /fail|cancel|expired|aborted/.test(state));
const mark = (standing: Standing) => (endedBadly(standing) ? '✗' : markOf(standing));
const markOf = ({ status, doing, question }: Standing) =>
  status === 'done' ? '✓' : status === 'stopped' ? '■' : question === undefined ? (doing.size > 0 ? '●' : '○') : '?';
const turns = (steps: number) => `${steps} ${steps === 1 ? 'turn' : 'turns'}`;

function summary({ actor, state, status, tags, doing, used, failure, question }: Standing): string {
  const held = status === 'active' ? tags.filter((tag) => tag === 'paused' || tag === 'recovering').join(', ') : '';
  const where =
    status === 'failed'
      ? `failed: ${failure?.message ?? state}`
      : status === 'stopped'
        ? status
        : shortState(state) || status;
  const what = status === 'active' && doing.size > 0 ? `(${[...new Set(doing.values())].join(', ')})` : '';
  const ask = status === 'active' && question !== undefined ? `waits for a person: ${question}` : '';
  const cost = used ? `${turns(used.steps)}, ${countWords(used.tokens)} tokens, ${moneyWords(used.usd)}` : '';
  return visible([actor, ask || where, held, what, cost].filter(Boolean).join('  '));
}
