/** A runtime for tests: time moves only by `advance`, nothing is written to disk, and machines must be pure. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import type { Inspection } from '../contracts/inspection.ts';
import { memory } from '../journal/memory/memory.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from '../runtime/runtime.ts';
import { virtualClock, type VirtualClock } from './clock.ts';
import { pure } from './pure.ts';
import { untilQuiet } from './untilQuiet.ts';

/** The options of a runtime, without those that the test runtime sets itself. */
export interface TestRuntimeOptions extends Omit<
  RuntimeOptions,
  'db' | 'clock' | 'poll' | 'leaseTtl' | 'prepare' | 'keep'
> {
  /** A number that decides every random choice and every generated id; 1 by default. */
  readonly seed?: number;
}

/** A runtime whose clock the test controls. */
export interface TestRuntime extends Runtime {
  /** The runtime's clock. Prefer `advance` below: it also waits for what a timer causes. */
  readonly clock: VirtualClock;
  /** Every inspection event so far, in order. */
  readonly seen: readonly Inspection[];
  /** Resolves when nothing more can happen without time passing. A real tool or server takes real time: await the run's `outcome()` for it. */
  settle(): Promise<void>;
  /** Moves time forward. Each timer fires at its due time, and what it causes is finished before the next one fires. */
  advance(time: Duration): Promise<void>;
}

/**
 * Opens a runtime with a virtual clock and a journal in memory. Rejects as `openRuntime` does.
 * @example await using runtime = await testRuntime(); const run = await runtime.start(desk, input); await runtime.advance('2h');
 */
export async function testRuntime(given: TestRuntimeOptions = {}): Promise<TestRuntime> {
  requireOptions('testRuntime', given, testRuntimeOptionNames);
  const { seed = 1, ...options } = given;
  const clock = virtualClock({ seed });
  const seen: Inspection[] = [];
  const runtime = await openRuntime({
    journal: memory(),
    env: {},
    project: false,
    ...options,
    clock,
    // No other process shares this journal, so there is nothing to poll for, and nobody to take a run: a lease that had to be renewed every few
    // seconds would make hours of simulated time long.
    poll: milliseconds('1d'),
    leaseTtl: milliseconds('365d'),
    prepare: pure,
    observers: [...(options.observers ?? []), (event) => void seen.push(event)],
  });
  const settle = () => untilQuiet(() => seen.length);
  return {
    ...runtime,
    clock,
    seen,
    settle,
    async advance(time) {
      const until = clock.now() + milliseconds(time);
      await settle();
      for (let due = clock.next; due !== undefined && due <= until; due = clock.next) {
        clock.advance(Math.max(0, due - clock.now()));
        await settle();
      }
      clock.advance(until - clock.now());
      await settle();
    },
  };
}

const testRuntimeOptionNames: OptionNames<TestRuntimeOptions> = {
  nats: true,
  journal: true,
  transport: true,
  observers: true,
  tracing: true,
  gateway: true,
  env: true,
  project: true,
  secrets: true,
  strays: true,
  seed: true,
};
