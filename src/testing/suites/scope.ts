/** What a call of a tool is given in tests: a clock that stands still, and everything the tool said while it worked. */
import { toFailure } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import type { ToolScope } from '../../contracts/tool.ts';
import { virtualClock, type VirtualClock } from '../clock.ts';

export interface TestScope extends ToolScope {
  readonly clock: VirtualClock;
  readonly said: Json[];
  abort(): void;
  /** Resolves at the next progress note. */
  heard(): Promise<Json>;
}

export function testScope({ key = 'agent/a/1/0', clock = virtualClock() } = {}): TestScope {
  const stop = new AbortController();
  const said: Json[] = [];
  let listeners: ((note: Json) => void)[] = [];
  return {
    key,
    clock,
    said,
    signal: stop.signal,
    abort: () => stop.abort(),
    progress(note) {
      said.push(note);
      const hear = listeners;
      listeners = [];
      for (const listener of hear) listener(note);
    },
    heard: () => new Promise((resolve) => listeners.push(resolve)),
  };
}

/** The failure a promise ends in; a promise that does not fail is one itself. */
export async function failureOf(work: Promise<unknown>) {
  return work.then(
    (value) => {
      throw new Error(`Expected a failure, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => toFailure(error),
  );
}
