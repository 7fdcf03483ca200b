/** Runs as traces of OpenTelemetry: a span for each actor while this process has it, and within it one for each effect. */
import type { Span } from '@opentelemetry/api';
import type { Clock } from '../../values/clock.ts';
import type { Inspection } from '../../contracts/inspection.ts';
import type { TracedPart, TracedWork, Tracing } from '../../contracts/tracing.ts';
import { actorKeyOf } from '../../values/ids.ts';
import { setBounded } from '../boundedMap.ts';
import { toFailure, type Failure } from '../../values/failure.ts';
import { quietly } from './quietly.ts';
import { markFailed, TracedRun, type OpenTelemetryApi } from './tracedRun.ts';

/** A run that waits keeps its span open. With more than so many, the one that has been open for longest ends. */
const mostRuns = 10_000;

/** Spans go to the tracer provider that the program has registered. What its processors throw is dropped: it is no failure of the work. */
export function openTelemetry(api: OpenTelemetryApi, clock: Pick<Clock, 'now'>): Tracing {
  const tracer = api.trace.getTracer('troupe');
  const runs = new Map<string, TracedRun>();
  /** A run is named when it is begun or taken up, which may be before its first event. */
  const names = new Map<string, string>();
  /** Runs that have ended here: a child of one may still say something, and only its root begins it again. */
  const ended = new Map<string, true>();

  function close(run: string, how: 'ended' | 'released', at: number): void {
    const traced = runs.get(run);
    runs.delete(run);
    if (how === 'ended') {
      names.delete(run);
      setBounded(ended, run, true, mostRuns);
    }
    traced?.close(how, at);
  }

  /** The run of an event that says that something is done in it; only what is known already of any other. */
  function runOf(event: Inspection): TracedRun | undefined {
    const { run, actor, at, type } = event;
    const known = runs.get(run);
    const isBegun = type === 'effect.started' || (type === 'commit' && event.status === 'active');
    if (known || !isBegun) return known;
    if (ended.has(run) && !(type === 'commit' && actorKeyOf(actor) === run)) return undefined;
    ended.delete(run);
    const [oldest] = runs.size >= mostRuns ? runs.keys() : [];
    if (oldest !== undefined) close(oldest, 'released', at);
    const traced = new TracedRun(api, tracer, event, names.get(run));
    runs.set(run, traced);
    return traced;
  }

  return {
    observe(event) {
      quietly(() => {
        const run = runOf(event);
        if (run?.apply(event) === 'ended') close(event.run, 'ended', event.at);
      });
    },
    named(run, name) {
      setBounded(names, run, name, mostRuns);
      quietly(() => runs.get(run)?.named(name));
    },
    around<T>({ run, key }: TracedWork, work: () => T): T {
      const span = runs.get(run)?.spanOf(key);
      return span ? withSpan(api, span, work) : work();
    },
    within({ run, key }, part) {
      const span = quietly(() => runs.get(run)?.startPart(key, part.name));
      return span ? inSpan(api, span, part) : part.work();
    },
    left: (run) => close(run, 'released', clock.now()),
    close() {
      // A map may lose the entry that it is at.
      for (const run of runs.keys()) close(run, 'released', clock.now());
    },
  };
}

/** Performs work with a span as the active one. */
const withSpan = <T>({ context, trace }: OpenTelemetryApi, span: Span, work: () => T): T =>
  context.with(trace.setSpan(context.active(), span), work);

/** Performs work with its span as the active one, and ends the span with the work. */
function inSpan<T>(api: OpenTelemetryApi, span: Span, { work, failureOf }: TracedPart<T>): T {
  const end = (failure: () => Failure | undefined) =>
    quietly(() => {
      const why = failure();
      if (why) markFailed(api, span, why);
      span.end();
    });
  let result: T;
  try {
    result = withSpan(api, span, work);
  } catch (thrown) {
    end(() => toFailure(thrown));
    throw thrown;
  }
  if (result instanceof Promise)
    result.then(
      (value: Awaited<T>) => end(() => failureOf(value)),
      (thrown: unknown) => end(() => toFailure(thrown)),
    );
  // What is no promise is what awaiting it gives.
  else end(() => failureOf(result as Awaited<T>));
  return result;
}
