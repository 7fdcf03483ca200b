/** The spans of one run, from the first thing that this process does in it until it ends or leaves the process. */
import type * as OpenTelemetry from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { Inspection } from '../../contracts/inspection.ts';
import type { Failure } from '../../values/failure.ts';
import { actorKeyOf, type Address } from '../../values/ids.ts';
import { callNoteIn } from '../../contracts/health.ts';
import { actorNames, isMachinery, type ActorNames } from '../actorNames.ts';
import { quietly } from './quietly.ts';
import { actorAttributes, actorSpanName, factsOfNote, usageAttributes } from './attributes.ts';

type Commit = Extract<Inspection, { type: 'commit' }>;
type EffectEvent = Extract<Inspection, { key: string; name: string }>;

/** The slot of an agent that asks its model: known before the model has said which one it is. */
const modelSlot = 'callModel';

/** The package `@opentelemetry/api`. It is handed on: a program that is bundled into one file has it only when it uses it. */
export type OpenTelemetryApi = typeof OpenTelemetry;

/** The spans of one run. */
export class TracedRun {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: Tracer;
  readonly #run: string;
  readonly #root: Span;
  /** By the key of the actor, the part of its address after the slash; the root of the run is not among them. */
  readonly #actors = new Map<string, Span>();
  readonly #effects = new Map<string, Span>();
  #name: string;
  #machine = 'run';
  #names: ActorNames;

  /** The span of the run belongs to whatever is traced where it is begun. Its id is its name until that is known. */
  constructor(api: OpenTelemetryApi, tracer: Tracer, { run, at }: Inspection, name: string = run) {
    this.#api = api;
    this.#tracer = tracer;
    this.#run = run;
    this.#name = name;
    this.#names = actorNames(name);
    this.#root = tracer.startSpan(name, { startTime: new Date(at), attributes: { 'troupe.run': run } });
  }

  named(name: string): void {
    this.#name = name;
    this.#describeRoot();
  }

  spanOf(key: string): Span | undefined {
    return this.#effects.get(key);
  }

  /** A part of an effect; undefined when the effect is not known. */
  startPart(key: string, name: string): Span | undefined {
    const above = this.#effects.get(key);
    if (!above) return undefined;
    return this.#tracer.startSpan(name, { attributes: { 'troupe.key': key } }, this.#below(above));
  }

  /** `ended` when the run has ended with the event. */
  apply(event: Inspection): 'ended' | undefined {
    switch (event.type) {
      case 'commit':
        return this.#committed(event);
      case 'effect.started':
        return this.#started(event);
      case 'effect.done':
      case 'effect.failed':
      case 'effect.stopped':
        return this.#over(event);
      case 'progress':
        return this.#noted(event);
      case 'restarted':
      case 'stalled':
      case 'dead':
        addFailure(this.#nearest(event.actor), event.type, event.failure, event.at);
        return undefined;
      case 'continued':
        this.#nearest(event.actor).addEvent(event.type, {}, new Date(event.at));
        return undefined;
      case 'health':
        return undefined;
    }
  }

  /** `released`: it is not this process that ends it. */
  close(how: 'ended' | 'released', at: number): void {
    const end = new Date(at);
    this.#root.setAttribute('troupe.left', how);
    for (const span of [...this.#effects.values(), ...this.#actors.values(), this.#root]) quietly(() => span.end(end));
  }

  #committed(commit: Commit): 'ended' | undefined {
    this.#names.learn(commit);
    const key = actorKeyOf(commit.actor);
    if (key === this.#run) {
      if (this.#machine !== commit.machine) {
        this.#machine = commit.machine;
        this.#root.setAttribute('troupe.actor', commit.actor);
        this.#describeRoot();
      }
      return this.#endActor(this.#root, commit) ? 'ended' : undefined;
    }
    if (isMachinery(commit)) return undefined;
    const span = this.#actors.get(key) ?? this.#startActor(key, commit);
    if (!this.#endActor(span, commit)) return undefined;
    this.#actors.delete(key);
    span.end(new Date(commit.at));
    return undefined;
  }

  #startActor(key: string, { actor, machine, at }: Commit): Span {
    const name = this.#names.nameOf(actor);
    const attributes = { ...actorAttributes(machine, name), 'troupe.run': this.#run, 'troupe.actor': actor };
    const span = this.#start(actorSpanName(machine, name), actor, at, { attributes });
    this.#actors.set(key, span);
    return span;
  }

  /** Says how an actor has ended; whether it has. */
  #endActor(span: Span, { status, failure, context: facts, machine }: Commit): boolean {
    if (status === 'active') return false;
    if (machine === 'agent') span.setAttributes(usageAttributes(facts));
    span.setAttribute('troupe.status', status);
    if (failure) markFailed(this.#api, span, failure);
    return true;
  }

  #started({ key, actor, name, at, again }: EffectEvent): undefined {
    const { SpanKind } = this.#api;
    const kind = name === modelSlot ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const attributes = { 'troupe.effect': name, 'troupe.key': key, ...(again ? { 'troupe.again': true } : {}) };
    this.#effects.set(key, this.#start(name === modelSlot ? 'chat' : name, actor, at, { kind, attributes }));
  }

  #over({ type, key, at, failure }: EffectEvent): undefined {
    const span = this.#effects.get(key);
    this.#effects.delete(key);
    if (span && failure) markFailed(this.#api, span, failure);
    if (type === 'effect.stopped') span?.setAttribute('troupe.status', 'stopped');
    span?.end(new Date(at));
  }

  #noted({ key, note, at }: Extract<Inspection, { type: 'progress' }>): undefined {
    const span = this.#effects.get(key);
    if (!span) return;
    const facts = factsOfNote(note);
    if (facts) span.updateName(facts.name).setAttributes(facts.attributes);
    const failure = callNoteIn(note)?.failure;
    if (failure) addFailure(span, 'attempt failed', failure, at);
  }

  #start(name: string, actor: Address, at: number, options: object): Span {
    return this.#tracer.startSpan(name, { startTime: new Date(at), ...options }, this.#below(this.#nearest(actor)));
  }

  #below(span: Span): Context {
    const { context, trace } = this.#api;
    return trace.setSpan(context.active(), span);
  }

  /** The span of an actor, or of the nearest actor above it that has one. */
  #nearest(actor: Address): Span {
    for (let key = actorKeyOf(actor); key.length > this.#run.length; key = key.slice(0, key.lastIndexOf('.'))) {
      const span = this.#actors.get(key);
      if (span) return span;
    }
    return this.#root;
  }

  #describeRoot(): void {
    this.#root.updateName(actorSpanName(this.#machine, this.#name));
    this.#root.setAttributes(actorAttributes(this.#machine, this.#name));
  }
}

const addFailure = (span: Span, event: string, { kind, message }: Failure, at: number): void =>
  void span.addEvent(event, { 'error.type': kind, 'troupe.failure': message }, new Date(at));

/** Marks a span with why its work failed. */
export function markFailed({ SpanStatusCode }: OpenTelemetryApi, span: Span, { kind, message }: Failure): void {
  span.setAttribute('error.type', kind);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
