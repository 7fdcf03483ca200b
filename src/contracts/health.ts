/** How well agents, models and tool servers do of late: what is told of each call of one, and what a window of calls comes to. */
import * as z from 'zod';
import { Failure, type FailureKind } from './failure.ts';

export const componentKinds = ['agent', 'model', 'tools'] as const;
export type ComponentKind = (typeof componentKinds)[number];

export interface Component {
  readonly kind: ComponentKind;
  /** Of an agent its name, of a model `provider:model`, of tools their server. */
  readonly name: string;
}

/** A note of progress: one try at a model, one call of a tool server. `took` is milliseconds. */
export const CallNote = z.object({
  type: z.literal('call'),
  kind: z.enum(['model', 'tools']),
  name: z.string(),
  took: z.number().nonnegative(),
  failure: Failure.optional(),
});
export type CallNote = z.infer<typeof CallNote>;

/** A call that has ended. `at` is milliseconds since the epoch, `took` milliseconds. */
export interface Call {
  readonly at: number;
  readonly took: number;
  readonly failure?: Failure | undefined;
}

/** Only the last `calls` of the last `within` milliseconds count: what is over is forgiven. */
export interface HealthWindow {
  readonly calls: number;
  readonly within: number;
}
export const defaultWindow: HealthWindow = { calls: 20, within: 300_000 };

/** From well to unwell. */
export const healthStatuses = ['healthy', 'degraded', 'failing'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** How a component stands: of the calls in its window, milliseconds, and its latest failure however long ago. */
export interface Standing {
  readonly status: HealthStatus;
  readonly calls: number;
  readonly failures: number;
  /** Failures by calls, 0 to 1. */
  readonly rate: number;
  /** `mean` weighs late calls more. Without calls there is none. */
  readonly latency?: { readonly mean: number; readonly p50: number; readonly p95: number };
  readonly lastFailure?: { readonly at: number; readonly kind: FailureKind; readonly message: string };
}

/**
 * What calls, oldest first, come to at a moment: healthy without a failure, failing from one half of them on, else degraded.
 * Pure, so that a router can ask it as well.
 * @example standing([{ at: 0, took: 80 }, { at: 100, took: 90, failure }], 200).status // 'failing'
 */
export function standing(calls: readonly Call[], now: number, window: HealthWindow = defaultWindow): Standing {
  const counted = calls.filter(({ at }) => at > now - window.within).slice(-window.calls);
  const failures = counted.filter(({ failure }) => failure).length;
  const rate = counted.length === 0 ? 0 : failures / counted.length;
  const last = calls.findLast(({ failure }) => failure);
  return {
    status: rate === 0 ? 'healthy' : rate < 0.5 ? 'degraded' : 'failing',
    calls: counted.length,
    failures,
    rate,
    ...(counted.length === 0 ? {} : { latency: latencyOf(counted.map(({ took }) => took)) }),
    ...(last?.failure ? { lastFailure: { at: last.at, kind: last.failure.kind, message: last.failure.message } } : {}),
  };
}

function latencyOf(took: readonly number[]): NonNullable<Standing['latency']> {
  const sorted = [...took].sort((a, b) => a - b);
  const share = (of: number) => sorted[Math.ceil(of * sorted.length) - 1]!;
  // An exponential moving average over as many calls as there are, twenty at most.
  const mean = took.reduce((sum, ms, i) => sum + (2 / (Math.min(i + 1, 20) + 1)) * (ms - sum), 0);
  return { mean, p50: share(0.5), p95: share(0.95) };
}

/** The worst of several; healthy when there are none. */
export const worst = (statuses: readonly HealthStatus[]): HealthStatus =>
  healthStatuses[Math.max(0, ...statuses.map((status) => healthStatuses.indexOf(status)))]!;

/** The caller's own doing: it says nothing of whom it called. */
const ownDoing: readonly FailureKind[] = ['cancelled', 'expired', 'denied', 'budget'];
/** A request or a call that was turned down was heard and answered. */
const answers: Readonly<Record<ComponentKind, readonly FailureKind[]>> = {
  agent: [],
  model: ['invalid'],
  tools: ['invalid', 'tool'],
};

/** What a call's end says of the component: that it is well, that it is not, or nothing. */
export function verdict(kind: ComponentKind, failure: Failure | undefined): 'well' | 'unwell' | undefined {
  if (!failure || answers[kind].includes(failure.kind)) return 'well';
  return ownDoing.includes(failure.kind) ? undefined : 'unwell';
}
