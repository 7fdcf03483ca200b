/** How well agents, models and tool servers have been doing: the note of each call, and the health that a window of calls adds up to. */
import * as z from 'zod';
import { Failure, type FailureKind } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';

/** What health is measured of. */
export const componentKinds = ['agent', 'model', 'tools'] as const;
/** An agent, a model, or the tools of one server. */
export type ComponentKind = (typeof componentKinds)[number];

/** One thing whose health is measured. */
export interface Component {
  /** `agent`: a whole task counts as a call. `model`: one attempt at a model. `tools`: one call of a tool server. */
  readonly kind: ComponentKind;
  /** Of an agent its name, of a model `provider:model`, of tools the name of their server. */
  readonly name: string;
}

/** A progress note: one attempt at a model, one call of a tool server. */
export const CallNote = z.object({
  type: z.literal('call'),
  kind: z.enum(['model', 'tools']),
  name: z.string(),
  took: z.number().nonnegative(),
  failure: Failure.optional(),
});
export type CallNote = z.infer<typeof CallNote>;

/**
 * The note of a call; undefined for any other. Every call that a model asks for is a note of type `call` as well, as a part of its answer: it has no
 * kind. So that neither costs a schema, only calls that failed are parsed with it.
 */
export function callNoteIn(note: unknown): CallNote | undefined {
  const { type, kind, name, took, failure } = propertiesOf(note);
  if (type !== 'call' || (kind !== 'model' && kind !== 'tools')) return undefined;
  if (failure !== undefined) return CallNote.safeParse(note).data;
  const isDuration = typeof took === 'number' && took >= 0 && took < Infinity;
  return typeof name === 'string' && isDuration ? { type, kind, name, took } : undefined;
}

/** A call that has ended, as health is computed from it. */
export interface CallRecord {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** Why it failed; absent when it went well. */
  readonly failure?: Failure | undefined;
}

/** Only the last `calls` calls of the last `within` milliseconds count. */
export interface HealthWindow {
  /** How many calls count at most; 20 by default. */
  readonly calls: number;
  /** How long a call counts, in milliseconds; 300,000 by default. */
  readonly within: number;
}
/** The last 20 calls of the last five minutes. */
export const defaultWindow: HealthWindow = { calls: 20, within: 300_000 };

/** From best to worst. */
export const healthStatuses = ['healthy', 'degraded', 'failing'] as const;
/** `healthy`: no call in the window failed. `degraded`: fewer than half of them did. `failing`: half of them or more. */
export type HealthStatus = (typeof healthStatuses)[number];

/** The health of a component: of the calls in its window, and its latest failure however long ago. */
export interface HealthSummary {
  /** The verdict on the window. */
  readonly status: HealthStatus;
  /** How many calls the window has. */
  readonly calls: number;
  /** How many of them failed. */
  readonly failures: number;
  /** Failures divided by calls, 0 to 1. */
  readonly rate: number;
  /** How long the calls of the window took; absent when it has none. */
  readonly latency?: {
    /** The exponential moving average, in milliseconds: the latest calls weigh the most. */
    readonly mean: number;
    /** The median, in milliseconds. */
    readonly p50: number;
    /** 95 of 100 calls took no longer than this, in milliseconds. */
    readonly p95: number;
  };
  /** The latest failure of all calls given, also one that the window has left behind. */
  readonly lastFailure?: {
    /** When it happened, in milliseconds since the epoch. */
    readonly at: number;
    /** The kind of the failure. */
    readonly kind: FailureKind;
    /** What went wrong, in words for people. */
    readonly message: string;
  };
}

/**
 * The health that calls, oldest first, add up to at a time: healthy without a failure, failing from one half of them on, else degraded.
 * Pure, so that a router can use it as well.
 * @example healthSummary([{ at: 0, took: 80 }, { at: 100, took: 90, failure }], 200).status // 'failing'
 */
export function healthSummary(
  calls: readonly CallRecord[],
  now: number,
  window: HealthWindow = defaultWindow,
): HealthSummary {
  const inWindow = calls.filter(({ at }) => at > now - window.within).slice(-window.calls);
  const failures = inWindow.filter(({ failure }) => failure).length;
  const rate = inWindow.length === 0 ? 0 : failures / inWindow.length;
  const last = calls.findLast(({ failure }) => failure);
  return {
    status: statusOf(rate),
    calls: inWindow.length,
    failures,
    rate,
    ...(inWindow.length === 0 ? {} : { latency: latencyOf(inWindow.map(({ took }) => took)) }),
    ...(last?.failure ? { lastFailure: { at: last.at, kind: last.failure.kind, message: last.failure.message } } : {}),
  };
}

/** The status that `healthSummary` gives, alone. */
export function healthStatus(
  calls: readonly CallRecord[],
  now: number,
  { calls: maxCalls, within }: HealthWindow = defaultWindow,
): HealthStatus {
  let counted = 0;
  let failures = 0;
  for (let at = calls.length - 1; at >= 0 && counted < maxCalls; at--) {
    const call = calls[at];
    if (!call || call.at <= now - within) continue;
    counted++;
    if (call.failure) failures++;
  }
  return statusOf(failures / Math.max(1, counted));
}

/** By the share of calls that failed. */
const statusOf = (rate: number): HealthStatus => (rate === 0 ? 'healthy' : rate < 0.5 ? 'degraded' : 'failing');

/**
 * Calls in a row that ended alike: the form in which a machine keeps a window of calls, because it needs little space in a snapshot. All calls of a
 * streak count as ended when the last one did. `at` is milliseconds since the epoch.
 */
export interface Streak {
  readonly at: number;
  readonly well: boolean;
  readonly calls: number;
}

/** Adds one call, and removes what the window has left behind. */
export function withCall(
  streaks: readonly Streak[],
  { at, well }: Pick<Streak, 'at' | 'well'>,
  window: HealthWindow = defaultWindow,
): readonly Streak[] {
  const last = streaks.at(-1);
  const before = last?.well === well ? last.calls : 0;
  const all = [...(before > 0 ? streaks.slice(0, -1) : streaks), { at, well, calls: before + 1 }];
  return withinWindow(all, at, window);
}

/**
 * The health that streaks, oldest first, add up to at a time, by the rule of `healthSummary`.
 * @example healthOf([{ at: 0, well: true, calls: 3 }, { at: 100, well: false, calls: 1 }], 200) // 'degraded'
 */
export function healthOf(streaks: readonly Streak[], now: number, window: HealthWindow = defaultWindow): HealthStatus {
  if (streaks.every(({ well }) => well)) return 'healthy';
  const inside = withinWindow(streaks, now, window);
  const sum = (all: readonly Streak[]) => all.reduce((calls, streak) => calls + streak.calls, 0);
  return inside.length === 0 ? 'healthy' : statusOf(sum(inside.filter(({ well }) => !well)) / sum(inside));
}

/** The latest of them, and no more calls than the window has room for. */
function withinWindow(
  streaks: readonly Streak[],
  now: number,
  { calls: maxCalls, within }: HealthWindow,
): readonly Streak[] {
  let room = maxCalls;
  return streaks
    .filter(({ at }) => at > now - within)
    .toReversed()
    .flatMap((streak) => {
      const calls = Math.min(room, streak.calls);
      room -= calls;
      return calls > 0 ? [{ ...streak, calls }] : [];
    })
    .toReversed();
}

function latencyOf(took: readonly number[]): NonNullable<HealthSummary['latency']> {
  const sorted = [...took].sort((a, b) => a - b);
  const percentile = (of: number) => sorted[Math.ceil(of * sorted.length) - 1] ?? 0;
  // An exponential moving average over as many calls as there are, twenty at most.
  const mean = took.reduce((sum, ms, i) => sum + (2 / (Math.min(i + 1, 20) + 1)) * (ms - sum), 0);
  return { mean, p50: percentile(0.5), p95: percentile(0.95) };
}

/** The worst of several; healthy when there are none. */
export const worstHealth = (statuses: readonly HealthStatus[]): HealthStatus =>
  healthStatuses[Math.max(0, ...statuses.map((status) => healthStatuses.indexOf(status)))] ?? 'healthy';

/** Kinds of failures for which the caller is responsible: they say nothing about the component. */
const callerKinds: readonly FailureKind[] = ['cancelled', 'expired', 'denied', 'budget'];
/** Kinds of failures that are an answer: the component received the request and rejected it, so it is well. */
const answeredKinds: Readonly<Record<ComponentKind, readonly FailureKind[]>> = {
  agent: [],
  model: ['invalid'],
  tools: ['invalid', 'tool'],
};

/** What the end of a call says of the component: that it is well, that it is not, or nothing. */
export function callVerdict(kind: ComponentKind, failure: Failure | undefined): 'well' | 'unwell' | undefined {
  if (!failure || answeredKinds[kind].includes(failure.kind)) return 'well';
  return callerKinds.includes(failure.kind) ? undefined : 'unwell';
}
