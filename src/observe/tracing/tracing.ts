/** Whether a process is traced: it is when its program has registered a tracer provider of OpenTelemetry. */
import type { Clock } from '../../values/clock.ts';
import type { Tracing } from '../../contracts/tracing.ts';
import { loadOptional } from '../../values/optional.ts';

/** Where `@opentelemetry/api` 1, in every copy of it, keeps what a program registers. */
const registry = Symbol.for('opentelemetry.js.api.1');

/** The tracing of this process; undefined when nothing is registered, so that nothing is loaded and nothing is paid. */
export async function openTracing(clock: Pick<Clock, 'now'>): Promise<Tracing | undefined> {
  const { trace } = (globalThis as { readonly [registry]?: { readonly trace?: unknown } })[registry] ?? {};
  if (trace === undefined) return undefined;
  const api = await loadOptional('@opentelemetry/api', 'Tracing needs', () => import('@opentelemetry/api'));
  const { openTelemetry } = await import('./openTelemetry.ts');
  return openTelemetry(api, clock);
}
