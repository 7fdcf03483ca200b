/** Runs: shown, followed and moved, over the journal of a runtime. */
import type { ExecutionsClient } from '../contracts/client/executions.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Clock } from '../values/clock.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import type { Json } from '../values/json.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { definitionFor, definitionOf, type DefinitionResolver } from './definitions.ts';
import { diffOf } from './diffRuns.ts';
import { executionsPage } from './executionsPage.ts';
import { askedWaits, unanswered } from './pendingWaits.ts';
import { executionOf } from './readRun.ts';
import { runControl } from './runControl.ts';
import { aboutOf, rootRow } from './runFacts.ts';
import { followLogs, readLogs } from './runLogs.ts';
import { startOnce } from './startOnce.ts';

/** What the runs are read and moved with. */
export interface ExecutionsParts {
  readonly runtime: Runtime;
  readonly clock: Pick<Clock, 'now' | 'wake'>;
  readonly definitions: DefinitionResolver | undefined;
  /** Who answers, where nobody is named. */
  readonly by: string;
  /** Starts a deployment, and gives the id of the run; undefined where there are none. */
  readonly invoke: ((flow: string, input: Json, which: DeploymentChoice) => Promise<string>) | undefined;
}

/** Which version of a deployment is started. */
export interface DeploymentChoice {
  readonly version?: number;
  readonly tag?: string;
  readonly key?: string;
}

/** The runs of a journal. */
export function executionsClient(parts: ExecutionsParts): ExecutionsClient {
  const { runtime, clock, definitions } = parts;
  const { journal } = runtime;
  const reader = { journal, observe: runtime.observe.bind(runtime), clock };
  const control = runControl(parts);
  const get = (exec: string) => executionOf(runtime, exec);

  /** The run after it was told something. */
  const after = async (exec: string, move: Promise<void>) => {
    await move;
    return get(exec);
  };

  return {
    async start({ flow, file, deployment, version, tag }, input, options = {}) {
      const given = [flow, file, deployment].filter((one) => one !== undefined);
      if (given.length !== 1)
        throw new TroupeError('invalid', 'Name what is started by one of flow, file and deployment.');
      if (deployment !== undefined) {
        if (!parts.invoke) throw new TroupeError('unsupported', 'This client knows no deployments.');
        const which = { ...(version === undefined ? {} : { version }), ...(tag === undefined ? {} : { tag }) };
        return get(await parts.invoke(deployment, input, { ...which, ...options }));
      }
      const about = { ...(flow === undefined ? {} : { name: flow }), ...(file === undefined ? {} : { file }) };
      const found = await definitionFor(definitions, about);
      const meta = { ...(file === undefined ? {} : { file }), ...found.about };
      return get(
        await startOnce({ journal, clock }, options.key, () =>
          runtime.start(found.definition, input, { ...options, meta }),
        ),
      );
    },
    get,
    list: (query) => executionsPage(runtime, query),
    async latest(query = {}) {
      const { items } = await executionsPage(runtime, { ...query, limit: 1 });
      if (items[0]) return get(items[0].exec_id);
      const filters = Object.entries(query).map(([name, value]) => `${name} ${String(value)}`);
      throw new TroupeError(
        'unknown_recipient',
        `No run fits${filters.length === 0 ? '' : ` ${filters.join(' and ')}`}.`,
      );
    },
    logs: (exec, query) => readLogs(reader, exec, query),
    follow: (exec, query, signal) => followLogs(reader, exec, query, signal),
    async pendingWaits(exec) {
      if (exec !== undefined) await rootRow(journal, exec);
      return unanswered(
        await askedWaits(journal, { now: runtime.now(), ...(exec === undefined ? {} : { run: exec }) }),
      );
    },
    input: (exec, answer) => after(exec, control.input(exec, answer)),
    abortWait: (exec, options) => after(exec, control.abortWait(exec, options)),
    signal: control.signal,
    retry: (exec) => after(exec, control.retry(exec)),
    resume: (exec) => after(exec, control.resume(exec)),
    pause: (exec) => after(exec, control.pause(exec)),
    cancel: (exec, options) => after(exec, control.cancel(exec, options)),
    async plan(exec, { from, overrides, encoded }) {
      await rootRow(journal, exec);
      const choice = {
        ...(from === undefined ? {} : { from }),
        ...(overrides ? { overrides } : {}),
        ...(encoded === undefined ? {} : { encoded }),
      };
      const { reused, rerun, overridden } = await runtime.plan(exec, choice);
      return { exec_id: exec, reused, rerun, overridden };
    },
    async replay(exec, options) {
      const root = await rootRow(journal, exec);
      // What cannot be replayed is told before its definition is loaded.
      await this.plan(exec, options);
      // Where it came from, so that the new run can be gone on with as well.
      const { name: _, version: __, frozen_execution_spec: ___, ...meta } = aboutOf(root);
      const definition = await definitionOf(definitions, root);
      const replay = () => runtime.replay(exec, definition, { ...options, meta });
      return get(await startOnce({ journal, clock }, options.key, replay));
    },
    async diff(exec, other) {
      return diffOf(await get(exec), await get(other));
    },
    async prune({ olderThan }) {
      return { runs: await journal.prune(runtime.now() - ageOf(olderThan)) };
    },
  };
}

/** How long ago, in milliseconds. Throws `invalid` for what is no text of a duration: a number may have been meant as days, and what is deleted is gone. */
function ageOf(text: unknown): number {
  let cause: unknown;
  try {
    // `milliseconds` rejects text that is no duration.
    if (typeof text === 'string') return milliseconds(text as Duration);
  } catch (thrown) {
    cause = thrown;
  }
  throw new TroupeError(
    'invalid',
    `Runs are deleted that ended longer ago than a duration such as 12h or 30d; got ${describeValue(text)}.`,
    { cause },
  );
}
