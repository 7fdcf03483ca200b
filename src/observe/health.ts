/** Keeps the health of every agent, model and tool server that is seen at work, and tells when one turns. Fed by what can be seen, and by nothing else. */
import {
  CallNote,
  defaultWindow,
  standing,
  verdict,
  worst,
  type Call,
  type Component,
  type HealthStatus,
  type HealthWindow,
  type Standing,
} from '../contracts/health.ts';
import type { Failure } from '../contracts/failure.ts';
import { typeOf, type Address } from '../contracts/ids.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';

/** Milliseconds and shares as in `Standing`; the components in the order in which they were first seen. */
export interface HealthReport {
  /** The worst of all; healthy while nothing was called. */
  readonly overall: HealthStatus;
  readonly components: readonly (Component & Standing)[];
}

export interface HealthTracker {
  readonly observe: Observer;
  report(now: number): HealthReport;
  /** An agent at the root of a run is called by its definition's name, which its address does not hold. */
  name(actor: Address, name: string): void;
}

interface Seen extends Component {
  calls: Call[];
  status: HealthStatus | undefined;
}

/** Components and agents at work that are remembered; names may come from outside. */
const most = 1_000;

/** `tell` hears a component's first standing and every turn after it. One that recovers by the passing of time turns with the next thing that happens. */
export function healthTracker(tell: Observer, window: HealthWindow = defaultWindow): HealthTracker {
  const components = new Map<string, Seen>();
  const names = new Map<Address, string>();
  /** Agents at work, and since when. */
  const working = new Map<Address, number>();
  /** Effects under way that told of a tool server themselves. */
  const told = new Set<string>();

  function observe(event: Inspection): void {
    switch (event.type) {
      case 'health':
        return;
      case 'commit':
        if (event.machine === 'agent') agentMoved(event);
        break;
      case 'restarted':
        if (working.has(event.actor)) agentEnded(event, event.failure);
        break;
      case 'progress':
        if (isCall(event.note)) noted(event, event.note);
        break;
      case 'effect.failed':
        if (!told.delete(event.key)) blameServer(event);
        break;
      case 'effect.done':
      case 'effect.stopped':
        told.delete(event.key);
        break;
      case 'effect.started':
      case 'stalled':
      case 'dead':
    }
    for (const seen of components.values()) if (seen.status !== 'healthy') turn(seen, event);
  }

  function agentMoved(event: Extract<Inspection, { type: 'commit' }>): void {
    if (event.status === 'active') return void (working.has(event.actor) || remember(working, event.actor, event.at));
    if (event.status !== 'stopped') agentEnded(event, event.failure ?? failureIn(event.context));
    working.delete(event.actor);
    names.delete(event.actor);
  }

  function agentEnded(event: Inspection, failure: Failure | undefined): void {
    const { at, actor } = event;
    const name = names.get(actor) ?? typeOf(actor);
    called({ kind: 'agent', name }, { at, took: at - (working.get(actor) ?? at), failure }, event);
  }

  function noted(event: Extract<Inspection, { type: 'progress' }>, note: Json): void {
    const parsed = CallNote.safeParse(note);
    if (!parsed.success) return;
    const { kind, name, took, failure } = parsed.data;
    if (kind === 'tools') told.add(event.key);
    called({ kind, name }, { at: event.at, took, failure }, event);
  }

  /** A server that cannot even be connected or listed is never called; whoever needed its tools says so. */
  function blameServer(event: Extract<Inspection, { key: string; again: boolean }>): void {
    const { server } = (event.failure?.data ?? {}) as { server?: unknown };
    if (typeof server === 'string')
      called({ kind: 'tools', name: server }, { at: event.at, took: 0, failure: event.failure }, event);
  }

  function called(component: Component, call: Call, event: Inspection): void {
    const { kind, name } = component;
    const says = verdict(kind, call.failure);
    if (says === undefined) return;
    const id = `${kind}/${name}`;
    const seen = components.get(id) ?? remember(components, id, { kind, name, calls: [], status: undefined });
    seen.calls.push(says === 'well' ? { at: call.at, took: call.took } : call);
    if (seen.calls.length > window.calls) seen.calls.shift();
    turn(seen, event);
  }

  function turn(seen: Seen, { at, run, actor }: Inspection): void {
    const { kind, name, calls, status: from } = seen;
    const now = standing(calls, at, window);
    if (now.status === from) return;
    seen.status = now.status;
    tell({ type: 'health', at, run, actor, component: { kind, name }, from, standing: now });
  }

  return {
    observe,
    report(now) {
      const all = [...components.values()].map(({ kind, name, calls }) => ({
        kind,
        name,
        ...standing(calls, now, window),
      }));
      return { overall: worst(all.map(({ status }) => status)), components: all };
    },
    name: (actor, name) => void remember(names, actor, name),
  };
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): V {
  if (map.size >= most) map.delete(map.keys().next().value!);
  map.set(key, value);
  return value;
}

const isCall = (note: Json): boolean => (note as { type?: Json } | null)?.type === 'call';

/** An agent that failed has ended well as an actor; its context says how it ended. */
const failureIn = (context: Json): Failure | undefined => {
  const { outcome, failure } = (context ?? {}) as { outcome?: { status?: Json }; failure?: Json };
  return outcome?.status === 'completed'
    ? undefined
    : outcome?.status === 'cancelled'
      ? { kind: 'cancelled', message: 'It was cancelled.', retryable: false }
      : ((failure ?? undefined) as Failure | undefined);
};
