/** A runtime whose time stands still until it is told to move: nothing sleeps, nothing is left on disk, and machines are held to be pure. */
import { milliseconds, type Duration } from '../contracts/duration.ts';
import type { Inspection } from '../contracts/inspection.ts';
import { memory } from '../journal/memory.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from '../runtime.ts';
import { virtualClock, type VirtualClock } from './clock.ts';
import { pure } from './pure.ts';
import { settled } from './turns.ts';

export interface TestRuntimeOptions extends Omit<RuntimeOptions, 'db' | 'clock' | 'poll' | 'prepare'> {
  /** Decides every chance and every id; 1 unless told otherwise. */
  readonly seed?: number;
}

export interface TestRuntime extends Runtime {
  readonly clock: VirtualClock;
  /** Everything that was seen so far, in order. */
  readonly seen: readonly Inspection[];
  /** Lets everything happen that can without time passing. What a real tool or server does takes real time: await its run's `outcome()`. */
  settle(): Promise<void>;
  /** Lets time pass: what falls due happens in its hour, one thing after the other. */
  advance(time: Duration): Promise<void>;
}

/** @example await using runtime = await testRuntime(); const run = await runtime.start(desk, input); await runtime.advance('2h'); */
export async function testRuntime({ seed = 1, ...options }: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const clock = virtualClock({ seed });
  const seen: Inspection[] = [];
  const runtime = await openRuntime({
    journal: memory(),
    env: {},
    ...options,
    clock,
    // Nobody else can leave a message.
    poll: milliseconds('1d'),
    prepare: pure,
    observers: [...(options.observers ?? []), (event) => void seen.push(event)],
  });
  const settle = () => settled(() => seen.length);
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
