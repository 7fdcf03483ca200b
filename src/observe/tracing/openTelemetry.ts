/** Runs as traces of OpenTelemetry: a span for each actor while this process has it, and within it one for each effect. */
import { context, trace, type Span, type Tracer } from '@opentelemetry/api';
import type { Inspection } from '../../contracts/inspection.ts';
import type { TracedWork, Tracing } from '../../contracts/tracing.ts';
import { setBounded } from '../boundedMap.ts';
import { toFailure, type Failure } from '../../values/failure.ts';
import { markFailed, TracedRun } from './tracedRun.ts';

/** A run that waits keeps its span open. With more than so many, the one that has been open for longest ends. */
const mostRuns = 10_000;

/** Spans go to the tracer provider that the program has registered. */
export function openTelemetry(): Tracing {
  const tracer: Tracer = trace.getTracer('troupe');
  const runs = new Map<string, TracedRun>();
  /** A run is named when it is begun or taken up, which may be before its first event. */
  const names = new Map<string, string>();

  function close(run: string, how: 'ended' | 'released', at: number): void {
    const traced = runs.get(run);
    runs.delete(run);
    names.delete(run);
    traced?.close(how, at);
  }

  /** The run of an event that says that something is done in it; only what is known already of any other. */
  function runOf(event: Inspection): TracedRun | undefined {
    const known = runs.get(event.run);
    const isBegun = event.type === 'effect.started' || (event.type === 'commit' && event.status === 'active');
    if (known || !isBegun) return known;
    const [oldest] = runs.size >= mostRuns ? runs.keys() : [];
    if (oldest !== undefined) close(oldest, 'released', event.at);
    const traced = new TracedRun(tracer, event, names.get(event.run));
    runs.set(event.run, traced);
    return traced;
  }

  return {
    observe(event) {
      const run = runOf(event);
      if (run?.apply(event) === 'ended') close(event.run, 'ended', event.at);
    },
    named(run, name) {
      setBounded(names, run, name, mostRuns);
      runs.get(run)?.named(name);
    },
    around<T>({ run, key }: TracedWork, work: () => T): T {
      const span = runs.get(run)?.spanOf(key);
      return span ? context.with(trace.setSpan(context.active(), span), work) : work();
    },
    within({ run, key }, { name, work, failureOf }) {
      const span = runs.get(run)?.startPart(key, name);
      return span ? inSpan(span, work, failureOf) : work();
    },
    close() {
      for (const run of [...runs.keys()]) close(run, 'released', Date.now());
    },
  };
}

/** Performs work with its span as the active one, and ends the span with the work. */
function inSpan<T>(span: Span, work: () => T, failureOf: (result: Awaited<T>) => Failure | undefined): T {
  const end = (failure: Failure | undefined) => {
    if (failure) markFailed(span, failure);
    span.end();
  };
  try {
    const result = context.with(trace.setSpan(context.active(), span), work);
    if (result instanceof Promise)
      result.then(
        (value: Awaited<T>) => end(failureOf(value)),
        (thrown: unknown) => end(toFailure(thrown)),
      );
    // What is no promise is what awaiting it gives.
    else end(failureOf(result as Awaited<T>));
    return result;
  } catch (thrown) {
    end(toFailure(thrown));
    throw thrown;
  }
}
