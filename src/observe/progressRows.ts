/** The rows of a progress display, and the lines that it writes into a pipe: computed from inspection events. */
import type { Inspection } from '../contracts/inspection.ts';
import type { ActorView } from './actorViews.ts';
import { formatCount, formatMoney } from './format.ts';

/** How somebody in a run stands: asks a person, works, waits for something else, or has ended well, badly, or by being stopped. */
export type RowStatus = 'asking' | 'working' | 'idle' | 'done' | 'failed' | 'stopped';

/** Somebody in a run, and what it does. */
export interface ProgressRow {
  readonly status: RowStatus;
  /** On one line, without control characters. */
  readonly text: string;
  /** When it changed; milliseconds since the epoch. */
  readonly changed: number;
}

/** What a display shows. */
export interface ProgressRows {
  /** Applies an event. Returns the lines that a pipe is given, without their times. */
  apply(event: Inspection): readonly string[];
  /** How an actor is called in the lines and rows. */
  nameOf(actor: string): string;
  /** Everybody in the run. */
  rows(): readonly ProgressRow[];
  /** What the run has used so far, such as `3 turns · 1.2k tokens · $0.01`; empty while it has used nothing. */
  used(): string;
}

/** What an actor has used, as text. */
export const usageText = ({ steps, tokens, usd }: NonNullable<ActorView['usage']>, separator = ', '): string =>
  [`${steps} ${steps === 1 ? 'turn' : 'turns'}`, `${formatCount(tokens)} tokens`, formatMoney(usd)].join(separator);

/** What all actors have used together. A run counts what its members used, so only actors whose children count nothing are added up. */
export function usedText(views: ReadonlyMap<string, ActorView>): string {
  const all = [...views.values()];
  const counted = new Set(all.filter(({ usage }) => usage).map(({ parent }) => parent));
  const used = all.flatMap(({ usage, actor }) => (usage && !counted.has(actor) ? [usage] : []));
  if (used.length === 0) return '';
  const sum = (pick: (one: (typeof used)[number]) => number) => used.reduce((total, one) => total + pick(one), 0);
  const usd = used.some((one) => one.usd === null) ? null : sum((one) => one.usd ?? 0);
  return usageText({ steps: sum(({ steps }) => steps), tokens: sum(({ tokens }) => tokens), usd }, ' · ');
}

/** How an actor stands, without regard to questions. A machine that failed may end with the status `done`; the name of its last state says so. */
export const statusOf = ({ status, state, runningEffects }: ActorView): Exclude<RowStatus, 'asking'> =>
  status === 'done' && /fail|cancel|expired|aborted/.test(state)
    ? 'failed'
    : status === 'active'
      ? runningEffects.size > 0
        ? 'working'
        : 'idle'
      : status;
