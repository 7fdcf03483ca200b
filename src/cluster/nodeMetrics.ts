/** What a node does and holds, as metrics. Its labels are the names of what it offers, and a few fixed words. */
import { sleep, type Clock } from '../values/clock.ts';
import { actorMetrics } from '../observe/actorMetrics.ts';
import { Counter } from '../observe/counters.ts';
import { gauge, type Metric } from '../observe/metricsText.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { NodeReport } from './nodeReport.ts';
import type { NodeRun } from './runs.ts';

/** How the node stands at the time of a scrape. */
export interface NodeStanding {
  readonly report: NodeReport;
  /** Its runs, by id. */
  readonly runs: ReadonlyMap<string, NodeRun>;
  /** Infinity for no limit. */
  readonly maxRuns: number;
  /** Runs that no process holds, and that it could take. */
  readonly free: number;
  /** The nodes that it knows, itself included. */
  readonly members: number;
}

/** Counts until it is disposed. */
export interface NodeMetrics extends Disposable {
  /** A run has ended here, or was released. */
  ended(definition: string, status: string): void;
  /** A request for a run was answered. */
  answered(definition: string, status: string): void;
  metrics(standing: NodeStanding): Promise<Metric[]>;
}

/** Milliseconds that a scrape waits for the journal. What is not known by then is left out. */
const patience = 1_000;

/** Counters that begin at zero with the node. */
export function nodeMetrics({ runtime, clock }: { readonly runtime: Runtime; readonly clock: Clock }): NodeMetrics {
  const actors = actorMetrics();
  const observing = runtime.observe(actors.observe);
  const ended = new Counter(
    'troupe_runs_ended_total',
    'Runs that ended here, by definition and how; parked: released.',
  );
  const requests = new Counter(
    'troupe_requests_total',
    'Requests for runs that were answered here, by definition and answer; full: there was no room for another run.',
  );
  const { journal } = runtime;

  /** Undefined when the journal does not say in time: a scrape must end though the server is away. */
  async function runsWithMail(runs: Iterable<string>): Promise<number | undefined> {
    const over = new AbortController();
    const count = async () => {
      const here = new Set(runs);
      return (await journal.mailed()).filter((run) => here.has(run)).length;
    };
    const late = sleep(clock, patience, over.signal).then(
      () => undefined,
      () => undefined,
    );
    return Promise.race([count().catch(() => undefined), late]).finally(() => over.abort());
  }

  return {
    ended: (definition, status) => ended.add({ definition, status }),
    answered: (definition, answer) => requests.add({ definition, answer }),
    async metrics({ report, runs, maxRuns, free, members }) {
      const { actors: count, lag } = runtime.load();
      const withMail = await runsWithMail([...runs.keys()]);
      return [
        runsMetric(report, runs),
        ...(maxRuns === Infinity ? [] : [gauge('troupe_runs_max', 'The most runs that this node holds.', maxRuns)]),
        gauge(
          'troupe_free_runs',
          'Runs that no process holds and that this node could take. Every node that offers them counts the same ones.',
          free,
        ),
        gauge('troupe_nodes', 'Nodes that this one knows, itself included.', members),
        gauge('troupe_actors', 'Active actors of the runs that this node has loaded, in memory or not.', count),
        ...(withMail === undefined
          ? []
          : [
              gauge(
                'troupe_runs_with_mail',
                'Runs of this node with messages of other processes that no actor has taken yet.',
                withMail,
              ),
            ]),
        gauge(
          'troupe_journal_lag_seconds',
          'For how long the oldest commit has waited for the journal; 0 while the journal takes them.',
          lag / 1_000,
        ),
        gauge(
          'troupe_journal_trouble',
          'Whether this node cannot use its journal: 1 or 0; /readyz says why.',
          Number(report.trouble !== undefined),
        ),
        gauge(
          'troupe_journal_skipped',
          'Messages of other programs that were skipped in the log of the journal.',
          report.skipped ?? 0,
        ),
        ended.metric,
        requests.metric,
        ...actors.metrics(),
      ];
    },
    [Symbol.dispose]: () => observing[Symbol.dispose](),
  };
}

/** For every definition that the node offers, also when it has no run of it. */
function runsMetric({ offers }: NodeReport, runs: ReadonlyMap<string, NodeRun>): Metric {
  const samples = offers.flatMap(({ name: definition }) => {
    const own = [...runs.values()].filter(({ name }) => name === definition);
    const busy = own.filter(({ handle }) => !handle.idle).length;
    return [
      { labels: { definition, state: 'busy' }, value: busy },
      { labels: { definition, state: 'waiting' }, value: own.length - busy },
    ];
  });
  const help = 'Runs that this node holds: busy ones go on by themselves, the others wait for time or a person.';
  return { name: 'troupe_runs', help, type: 'gauge', samples };
}
