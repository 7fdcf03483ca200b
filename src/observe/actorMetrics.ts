/** Counts what the actors of a process do, from inspection events: commits, effects, calls, tokens and cost. */
import { AgentUsage } from '../contracts/agent.ts';
import { callNoteIn } from '../contracts/health.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { propertiesOf } from '../values/properties.ts';
import { setBounded } from './boundedMap.ts';
import { Counter, DurationHistogram } from './counters.ts';
import type { Metric } from './metricsText.ts';

/** What is counted; give `observe` every inspection event. */
export interface ActorMetrics {
  readonly observe: Observer;
  metrics(): Metric[];
}

/** The most agents whose usage is followed at a time. */
const maxAgents = 100_000;
/** Seconds: from a tool on this machine to a model that thinks for minutes. */
const bounds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

type Commit = Extract<Inspection, { type: 'commit' }>;

/** Counters that begin at zero with the process. */
export function actorMetrics(): ActorMetrics {
  const commits = new Counter(
    'troupe_commits_total',
    'Commits that the journal has stored for actors of this process.',
  );
  const ended = new Counter('troupe_actors_ended_total', 'Actors of this process that ended, by how.');
  const started = new Counter(
    'troupe_effects_started_total',
    'Effects that were started: models, tools and other work.',
  );
  const effects = new Counter('troupe_effects_total', 'Effects that ended, by name of their slot and how.');
  const restarts = new Counter('troupe_restarts_total', 'Actors that failed and were restarted by their supervisors.');
  const dead = new Counter('troupe_dead_letters_total', 'Messages that no actor took.');
  const calls = new Counter('troupe_calls_total', 'Attempts at models and calls of tool servers, by how they ended.');
  const tokens = new Counter(
    'troupe_model_tokens_total',
    'Tokens that models read and wrote for agents of this process.',
  );
  const cost = new Counter(
    'troupe_model_cost_usd_total',
    'What models cost in US dollars, where their price is known.',
  );
  const durations = new DurationHistogram(
    'troupe_call_duration_seconds',
    'How long attempts at models and calls of tool servers took.',
    'kind',
    bounds,
  );
  /** What each agent had used after its last commit. */
  const usages = new Map<string, AgentUsage>();

  function committed(commit: Commit): void {
    const { actor, machine, status } = commit;
    commits.add();
    if (status !== 'active') ended.add({ status });
    if (machine === 'agent') used(commit);
    if (status !== 'active') usages.delete(actor);
  }

  /** Adds what this step has used. Of an agent that another process began, only what it uses here is counted. */
  function used({ actor, seq, context }: Commit): void {
    const now = AgentUsage.safeParse(propertiesOf(context)['used']).data;
    if (!now) return;
    const before = usages.get(actor) ?? (seq === 1 ? nothing : now);
    setBounded(usages, actor, now, maxAgents);
    const more = (of: (usage: AgentUsage) => number) => Math.max(0, of(now) - of(before));
    tokens.add(
      { direction: 'input' },
      more(({ inputTokens }) => inputTokens),
    );
    tokens.add(
      { direction: 'output' },
      more(({ outputTokens }) => outputTokens),
    );
    cost.add(
      {},
      more(({ usd }) => usd ?? 0),
    );
  }

  function called({ note }: Extract<Inspection, { type: 'progress' }>): void {
    const call = callNoteIn(note);
    if (!call) return;
    const { kind, name, took, failure } = call;
    calls.add({ kind, name, outcome: failure ? 'failed' : 'ok' });
    durations.observe(kind, took / 1_000);
  }

  return {
    observe(event) {
      switch (event.type) {
        case 'commit':
          return committed(event);
        case 'effect.started':
          return started.add({ name: event.name });
        case 'effect.done':
        case 'effect.failed':
        case 'effect.stopped':
          return effects.add({ name: event.name, outcome: event.type.slice('effect.'.length) });
        case 'progress':
          return called(event);
        case 'restarted':
          return restarts.add();
        case 'dead':
          return dead.add();
        case 'health':
        case 'stalled':
        case 'continued':
      }
    },
    metrics: () => [
      ...[commits, ended, started, effects, restarts, dead, calls, tokens, cost].map(({ metric }) => metric),
      durations.metric,
    ],
  };
}

const nothing: AgentUsage = { steps: 0, inputTokens: 0, outputTokens: 0, cachedTokens: 0, toolCalls: 0, usd: 0 };
