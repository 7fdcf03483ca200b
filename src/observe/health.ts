/** Measures the health of every agent, model and tool server from inspection events, and reports each change. */
import {
  callNoteIn,
  defaultWindow,
  healthStatus,
  healthSummary,
  callVerdict,
  worstHealth,
  type CallRecord,
  type Component,
  type HealthStatus,
  type HealthWindow,
  type HealthSummary,
} from '../contracts/health.ts';
import type { Failure } from '../values/failure.ts';
import { actorTypeOf, type Address } from '../values/ids.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import type { Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import { setBounded } from './boundedMap.ts';

/** The health of everything that was called. */
export interface HealthReport {
  /** The worst status of all components; healthy while nothing was called. */
  readonly overall: HealthStatus;
  /** In the order in which they were first seen. */
  readonly components: readonly (Component & HealthSummary)[];
}

/** Measures health; give `observe` every inspection event. */
export interface HealthTracker {
  readonly observe: Observer;
  /** The health at a moment; milliseconds since the epoch. */
  report(now: number): HealthReport;
  /** Sets the name of an agent at the root of a run: the name of its definition, which its address does not hold. */
  setName(actor: Address, name: string): void;
}

interface TrackedComponent extends Component {
  calls: CallRecord[];
  status: HealthStatus | undefined;
}

/** Entries kept in each map at most: names may come from outside, so their number is not limited otherwise. */
const maxEntries = 1_000;

/**
 * Calls `emit` with the first health of a component and with every change of its status.
 * A component that recovers because its failures grow old is reported with the next event of any kind. `window` is the last 20 calls of five minutes by default.
 */
export function healthTracker(emit: Observer, window: HealthWindow = defaultWindow): HealthTracker {
  const components = new Map<string, TrackedComponent>();
  /** Those that are not healthy, by the same names: with time alone they may recover. */
  const unwell = new Map<string, TrackedComponent>();
  const names = new Map<Address, string>();
  /** When each running agent started; milliseconds since the epoch. */
  const startedAt = new Map<Address, number>();
  /** Keys of running effects that reported a call of a tool server themselves. */
  const reported = new Set<string>();

  function observe(event: Inspection): void {
    switch (event.type) {
      case 'health':
        return;
      case 'commit':
        if (event.machine === 'agent') agentCommitted(event);
        break;
      case 'restarted':
        if (startedAt.has(event.actor)) agentEnded(event, event.failure);
        break;
      case 'progress':
        callReported(event);
        break;
      case 'effect.failed':
        if (!reported.delete(event.key)) serverFailed(event);
        break;
      case 'effect.done':
      case 'effect.stopped':
        reported.delete(event.key);
        break;
      case 'effect.started':
      case 'stalled':
      case 'continued':
      case 'dead':
    }
    for (const seen of unwell.values()) reportChange(seen, event);
  }

  function agentCommitted(event: Extract<Inspection, { type: 'commit' }>): void {
    if (event.status === 'active')
      return void (startedAt.has(event.actor) || setCapped(startedAt, event.actor, event.at));
    if (event.status !== 'stopped') agentEnded(event, event.failure ?? failureIn(event.context));
    startedAt.delete(event.actor);
    names.delete(event.actor);
  }

  function agentEnded(event: Inspection, failure: Failure | undefined): void {
    const { at, actor } = event;
    const name = names.get(actor) ?? actorTypeOf(actor);
    recordCall({ kind: 'agent', name }, { at, took: at - (startedAt.get(actor) ?? at), failure }, event);
  }

  function callReported(event: Extract<Inspection, { type: 'progress' }>): void {
    const call = callNoteIn(event.note);
    if (!call) return;
    const { kind, name, took, failure } = call;
    if (kind === 'tools') reported.add(event.key);
    recordCall({ kind, name }, { at: event.at, took, failure }, event);
  }

  /** A server that cannot be connected or listed gets no calls; the effect that needed its tools names it in its failure. */
  function serverFailed(event: Extract<Inspection, { key: string; again: boolean }>): void {
    const { server } = propertiesOf(event.failure?.data);
    if (typeof server === 'string')
      recordCall({ kind: 'tools', name: server }, { at: event.at, took: 0, failure: event.failure }, event);
  }

  function recordCall(component: Component, call: CallRecord, event: Inspection): void {
    const { kind, name } = component;
    const verdict = callVerdict(kind, call.failure);
    if (verdict === undefined) return;
    const id = idOf(component);
    const seen = components.get(id) ?? setCapped(components, id, { kind, name, calls: [], status: undefined });
    seen.calls.push(verdict === 'well' ? { at: call.at, took: call.took } : call);
    if (seen.calls.length > window.calls) seen.calls.shift();
    reportChange(seen, event);
  }

  function reportChange(seen: TrackedComponent, { at, run, actor }: Inspection): void {
    const { kind, name, calls, status: from } = seen;
    const status = healthStatus(calls, at, window);
    if (status === from) return;
    seen.status = status;
    const id = idOf(seen);
    if (status === 'healthy') unwell.delete(id);
    else if (unwell.get(id) !== seen) setCapped(unwell, id, seen);
    const standing = healthSummary(calls, at, window);
    emit({ type: 'health', at, run, actor, component: { kind, name }, from, standing });
  }

  return {
    observe,
    report(now) {
      const all = [...components.values()].map(({ kind, name, calls }) => ({
        kind,
        name,
        ...healthSummary(calls, now, window),
      }));
      return { overall: worstHealth(all.map(({ status }) => status)), components: all };
    },
    setName: (actor, name) => void setCapped(names, actor, name),
  };
}

const idOf = ({ kind, name }: Component): string => `${kind}/${name}`;

const setCapped = <K, V>(map: Map<K, V>, key: K, value: V): V => setBounded(map, key, value, maxEntries);

/** An actor of an agent that failed ends with the status `done`; its context holds the outcome of the agent. */
const failureIn = (context: Json): Failure | undefined => {
  const { outcome, failure } = propertiesOf(context);
  const { status } = propertiesOf(outcome);
  if (status === 'completed') return undefined;
  if (status === 'cancelled') return { kind: 'cancelled', message: 'It was cancelled.', retryable: false };
  // The machine of an agent writes only failures there, and null.
  return (failure ?? undefined) as Failure | undefined;
};
