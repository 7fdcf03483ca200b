/** The orchestrator behind its HTTP contract: runs of workflows in a runtime, and what its journal knows of them. */
import { TroupeError } from '../../../values/failure.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import type { CallbackPayload, HeartbeatBody } from '../contracts/stepMessages.ts';
import type { RunView } from '../contracts/runViews.ts';
import type { OrchestratorService, RunCommand } from '../orchestrator/service.ts';
import { adoptedRuns, type AdoptedRuns } from './adoptedRuns.ts';
import { approvals } from './approvals.ts';
import { followedRuns } from './followedRuns.ts';
import type { ProjectFiles } from './projectFiles.ts';
import { runPage } from './runPages.ts';
import { startRuns } from './startRuns.ts';
import { storedApprovals } from './storedApprovals.ts';
import { runView, stepViews, storedRun } from './storedRuns.ts';
import { questions } from './questions.ts';

/** What takes the messages of runtimes in other processes. */
export interface RuntimeMessages {
  heartbeat(beat: HeartbeatBody): void;
  mayComplete(run: string, step: string, token: string): Promise<boolean>;
  complete(run: string, step: string, payload: CallbackPayload, token: string): Promise<void>;
}

/** What the orchestrator is made of. */
export interface OrchestratorParts {
  readonly runtime: Runtime;
  readonly files: ProjectFiles;
  readonly clock: Clock;
  readonly peers: OrchestratorService['peers'];
  /** Absent when agents work in this process: then nobody has a step to complete. */
  readonly messages?: RuntimeMessages | undefined;
  /** Told what goes wrong beside requests. */
  readonly warn: (message: string) => void;
}

/** An orchestrator that goes on with what was begun before, here or in a process that is gone. */
export interface ServedOrchestrator extends OrchestratorService, AdoptedRuns {}

/** Serves the contract with a runtime and the workflows of a project. */
export function orchestratorService(parts: OrchestratorParts): ServedOrchestrator {
  const { runtime, files, clock, peers, messages } = parts;
  const { journal } = runtime;
  const viewOf = async (id: string): Promise<RunView | undefined> => {
    const found = await storedRun(journal, id);
    return found && runView(found);
  };
  const followed = followedRuns(viewOf, clock);

  async function tell(id: string, command: RunCommand): Promise<boolean> {
    const found = await storedRun(journal, id);
    if (!found) return false;
    const { status } = runView(found);
    if (command === 'retry') {
      if (id.includes('/')) throw new TroupeError('conflict', 'A sub-run is retried with the run that it belongs to.');
      const served = await files.named(found.outline.name);
      if (!served) throw new TroupeError('conflict', `The workflow "${found.outline.name}" cannot be run any longer.`);
      followed.follow(await runtime.retry(id, served.workflow));
      return true;
    }
    if (!['running', 'paused'].includes(status)) throw new TroupeError('conflict', `The run has ended: ${status}.`);
    if (command === 'resume' && status !== 'paused') throw new TroupeError('conflict', 'The run is not paused.');
    await runtime.signal(found.row.actor, {
      type: `run.${command}`,
      ...(command === 'cancel' ? { reason: 'It was cancelled over HTTP.' } : {}),
    });
    // It was taken into the journal; what it changes is committed soon after.
    for (let turn = 0; turn < 20 && (await viewOf(id))?.status === status; turn++) await sleep(clock, 10);
    return true;
  }

  return {
    peers,
    async workflow(name) {
      const served = await files.named(name);
      if (!served || served.workflow.definition.visibility === 'sub-workflow') return undefined;
      const { auth } = served.workflow.definition;
      return { ...(auth ? { auth } : {}), variable: served.variable };
    },
    start: startRuns(runtime, files, followed, clock),
    ended: (id, signal) => followed.ended(id, signal),
    runs: (query) => runPage(journal, query),
    async run(id) {
      const found = await storedRun(journal, id);
      if (!found) return undefined;
      const { items: open } = await storedApprovals(journal, { run: found.row.run, pending: true });
      const waiting = open.filter(({ view }) => view.run_id === id).map(({ view }) => view.step_id);
      const steps = await stepViews(journal, found, new Set(waiting.map((step) => step.replace(/\.\d+$/, ''))));
      return { run: runView(found), steps };
    },
    command: tell,
    heartbeat: async (beat) => messages?.heartbeat(beat),
    mayComplete: async (run, step, token) => (await messages?.mayComplete(run, step, token)) ?? false,
    complete: async (run, step, payload, token) => messages?.complete(run, step, payload, token),
    ...approvals(runtime),
    ...questions(runtime),
    ...adoptedRuns(runtime, files, followed, parts),
  };
}
