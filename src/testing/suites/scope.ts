/** The scope of a tool call in tests: a virtual clock, and every progress note of the tool. */
import { toFailure } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import type { ToolScope } from '../../contracts/tool.ts';
import { virtualClock, type VirtualClock } from '../clock.ts';

/** The scope of a tool call that a test controls. */
export interface TestScope extends ToolScope {
  /** The clock of the call. */
  readonly clock: VirtualClock;
  /** Every progress note so far. */
  readonly said: Json[];
  /** Stops the call. */
  abort(): void;
  /** Resolves at the next progress note. */
  heard(): Promise<Json>;
}

/** Makes a scope; `key` is `agent/a/1/0` and the clock a new one by default. */
export function testScope({ key = 'agent/a/1/0', clock = virtualClock() } = {}): TestScope {
  const stop = new AbortController();
  const said: Json[] = [];
  let waiting: ((note: Json) => void)[] = [];
  return {
    key,
    clock,
    said,
    signal: stop.signal,
    abort: () => stop.abort(),
    progress(note) {
      said.push(note);
      const resolvers = waiting;
      waiting = [];
      for (const resolve of resolvers) resolve(note);
    },
    heard: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/** The failure that a promise rejects with. Rejects when the promise resolves. */
export async function rejectionOf(work: Promise<unknown>) {
  return work.then(
    (value) => {
      throw new Error(`Expected a failure, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => toFailure(error),
  );
}
