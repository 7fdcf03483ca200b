/** What every actor is doing now, computed from inspection events. The progress display reads it. */
import type { ActorStatus, Inspection } from '../contracts/inspection.ts';
import type { Failure } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import { formatState } from './format.ts';

/** One actor as of its latest inspection event. */
export interface ActorView {
  /** Its address. */
  readonly actor: string;
  readonly run: string;
  /** The address of its parent; undefined for the root of a run. */
  readonly parent: string | undefined;
  /** When its first commit was seen; milliseconds since the epoch. */
  readonly firstSeen: number;
  /** When its latest commit was seen; milliseconds since the epoch. */
  lastChanged: number;
  /** Its state as text, such as `active.work.thinking`. */
  state: string;
  status: ActorStatus;
  /** The type of the event that it took last. */
  lastEvent: string;
  tags: readonly string[];
  /** The names of its running effects, by their keys. */
  readonly runningEffects: Map<string, string>;
  /** undefined when its context does not say. */
  usage: ActorUsage | undefined;
  failure: Failure | undefined;
  /** The question of its ticket; undefined when it has asked none. */
  question: string | undefined;
}

/** What an actor has used, as its context says. */
export interface ActorUsage {
  /** Answers of models. */
  readonly steps: number;
  /** Input and output together. */
  readonly tokens: number;
  /** US dollars; null when a price was not known. */
  readonly usd: number | null;
}

/** The actors that were seen, kept up to date. */
export interface ActorViews {
  /** Applies an event. Returns the actor that it is about, as it is afterwards; undefined for an actor without a commit so far. */
  apply(event: Inspection): ActorView | undefined;
  /** By address, in the order of their first commits. */
  readonly views: ReadonlyMap<string, ActorView>;
}

/** Keeps at most `most` actors (1,000 by default); those that were seen first of the ended ones are removed first. */
export function actorViews(most = 1_000): ActorViews {
  const views = new Map<string, ActorView>();

  function apply(event: Inspection): ActorView | undefined {
    const known = views.get(event.actor);
    if (event.type === 'commit') return applyCommit(known ?? add(event), event);
    if (!known) return undefined;
    if (event.type === 'effect.started') known.runningEffects.set(event.key, event.name);
    else if (event.type === 'effect.done' || event.type === 'effect.failed' || event.type === 'effect.stopped')
      known.runningEffects.delete(event.key);
    return known;
  }

  function add({ actor, run, parent, at }: Extract<Inspection, { type: 'commit' }>): ActorView {
    const added: ActorView = {
      actor,
      run,
      parent,
      firstSeen: at,
      lastChanged: at,
      state: '',
      status: 'active',
      lastEvent: '',
      tags: [],
      runningEffects: new Map(),
      usage: undefined,
      failure: undefined,
      question: undefined,
    };
    if (views.size >= most) removeOldest();
    views.set(actor, added);
    return added;
  }

  function removeOldest(): void {
    const all = [...views.values()];
    const oldest = all.find(({ status }) => status !== 'active') ?? all[0];
    if (oldest) views.delete(oldest.actor);
  }

  return { apply: apply, views: views };
}

function applyCommit(view: ActorView, event: Extract<Inspection, { type: 'commit' }>): ActorView {
  view.lastChanged = event.at;
  view.state = formatState(event.state);
  view.status = event.status;
  view.lastEvent = event.event.type;
  view.tags = event.tags;
  view.failure = event.failure;
  view.usage = usedOf(event.context) ?? view.usage;
  const { question } = propertiesOf(propertiesOf(event.context)['ticket']);
  if (typeof question === 'string') view.question = question;
  if (event.status !== 'active') view.runningEffects.clear();
  return view;
}

function usedOf(context: unknown): ActorUsage | undefined {
  const { used, usage } = propertiesOf(context);
  const { steps, inputTokens, outputTokens, usd } = propertiesOf(used ?? usage);
  if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return undefined;
  return {
    steps: typeof steps === 'number' ? steps : 0,
    tokens: inputTokens + outputTokens,
    usd: typeof usd === 'number' ? usd : null,
  };
}
