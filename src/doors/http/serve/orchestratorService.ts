/** The orchestrator behind its HTTP contract: runs of workflows in a runtime, and what its journal knows of them. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { TroupeError, toFailure } from '../../../values/failure.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import type { Address } from '../../../values/ids.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { RunHandle, Runtime } from '../../../runtime/runtime.ts';
import type { CallbackPayload, HeartbeatBody } from '../contracts/stepMessages.ts';
import type { RunView } from '../contracts/runViews.ts';
import type { OrchestratorService, RunCommand, RunQuery } from '../orchestrator/service.ts';
import { outlineOf } from './outline.ts';
import type { ProjectFiles } from './projectFiles.ts';
import { storedApprovals } from './storedApprovals.ts';
import { inputOf, rootRuns, runView, stepViews, storedRun, withSubRuns } from './storedRuns.ts';

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
export interface ServedOrchestrator extends OrchestratorService {
  /** Goes on with every run that is under way and that no other process has. Returns how many there are. What cannot go on is told once. */
  resumeAll(): Promise<number>;
  /** Does so again every ten seconds, until it is disposed. */
  keepResuming(): Disposable;
}

/** Milliseconds between two looks at what other processes have left behind. */
const adoptEvery = 10_000;

/** How often an end is looked for that another process brings about, in milliseconds. */
const lookAgain = 250;

export function orchestratorService({
  runtime,
  files,
  clock,
  peers,
  messages,
  warn,
}: OrchestratorParts): ServedOrchestrator {
  const { journal } = runtime;
  const under = new Map<string, Promise<unknown>>();
  const told = new Set<string>();
  const follow = (handle: RunHandle) => {
    const ended = handle.outcome().catch(() => undefined);
    under.set(handle.id, ended);
    void ended.then(() => under.get(handle.id) === ended && under.delete(handle.id));
  };
  const viewOf = async (id: string): Promise<RunView | undefined> => {
    const found = await storedRun(journal, id);
    return found && runView(found);
  };

  async function tell(id: string, command: RunCommand): Promise<boolean> {
    const found = await storedRun(journal, id);
    if (!found) return false;
    const { status } = runView(found);
    if (command === 'retry') {
      if (id.includes('/')) throw new TroupeError('conflict', 'A sub-run is retried with the run that it belongs to.');
      const served = await files.named(found.outline.name);
      if (!served) throw new TroupeError('conflict', `The workflow "${found.outline.name}" cannot be run any longer.`);
      follow(await runtime.retry(id, served.workflow));
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

  async function runs({ workflow, status, limit, cursor }: RunQuery) {
    const all = (await Promise.all((await rootRuns(journal)).map((root) => withSubRuns(journal, root)))).flat();
    const sorted = all.map(runView).toSorted((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
    const after = cursor === undefined ? undefined : cursorText(cursor);
    const fitting = sorted.filter(
      (run) =>
        (workflow === undefined || run.workflow_name === workflow) &&
        (status === undefined || run.status === status) &&
        (after === undefined || placeOf(run) < after),
    );
    const page = fitting.slice(0, limit);
    const last = page.at(-1);
    return { runs: page, ...(last && fitting.length > limit ? { next: cursorOf(last) } : {}) };
  }

  return {
    peers,
    async workflow(name) {
      const served = await files.named(name);
      if (!served || served.workflow.definition.visibility === 'sub-workflow') return undefined;
      const { auth } = served.workflow.definition;
      return { ...(auth ? { auth } : {}), variable: served.variable };
    },
    async start({ workflow: name, params, id: keyed }) {
      const served = await files.named(name);
      if (!served) throw new TroupeError('unknown_recipient', `The workflow "${name}" is not there any longer.`);
      const id = keyed ?? newRunId(clock);
      const isNew = keyed === undefined;
      const [before] = isNew ? [] : await journal.find({ run: id, parent: null, limit: 1 });
      try {
        const handle = await runtime.start(served.workflow, params, {
          key: id,
          isNew,
          meta: { outline: outlineOf(served.workflow.definition), file: served.workflow.definition.file },
        });
        follow(handle);
        return { id, existed: before !== undefined };
      } catch (thrown) {
        if (toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
        // Another process has begun it, and goes on with it.
        const [root] = await journal.find({ run: id, parent: null, limit: 1 });
        if (!root || !isDeepStrictEqual(inputOf(root), served.workflow.start(params)))
          throw new TroupeError('conflict', `The run ${id} was started with another input.`, { cause: thrown });
        return { id, existed: true };
      }
    },
    async ended(id, signal) {
      for (;;) {
        const view = await viewOf(id);
        if (!view || view.completed_at !== undefined) return view;
        const end = under.get(id);
        await (end ? Promise.race([end, aborted(signal)]) : sleep(clock, lookAgain, signal));
        if (signal.aborted) throw new TroupeError('cancelled', 'Nobody waits any longer.');
      }
    },
    runs,
    async run(id) {
      const found = await storedRun(journal, id);
      if (!found) return undefined;
      const approvals = await storedApprovals(journal, { run: found.row.run, pending: true });
      const waits = approvals.filter(({ view }) => view.run_id === id).map(({ view }) => view.step_id);
      const steps = await stepViews(journal, found, new Set(waits.map((step) => step.replace(/\.\d+$/, ''))));
      return { run: runView(found), steps };
    },
    command: tell,
    heartbeat: async (beat) => messages?.heartbeat(beat),
    mayComplete: async (run, step, token) => (await messages?.mayComplete(run, step, token)) ?? false,
    complete: async (run, step, payload, token) => messages?.complete(run, step, payload, token),
    async approval({ run, step, toolUseId }) {
      const found = (await approvalsOf(run, step, toolUseId, false)).map(({ view }) => view);
      return found.findLast(({ status }) => status === 'pending') ?? found.at(-1);
    },
    async approvals(run) {
      const found = await storedApprovals(journal, { run: run?.split('/')[0], pending: true });
      return found.map(({ view }) => view).filter(({ run_id }) => run === undefined || run_id === run);
    },
    async decide({ run, step, toolUseId, decision, reason }) {
      const found = await approvalsOf(run, step, toolUseId, false);
      const pending = found.find(({ view }) => view.status === 'pending');
      if (!pending) return found.length > 0 ? 'decided' : 'missing';
      return answer(pending.ticket, { approved: decision === 'approved', ...(reason ? { note: reason } : {}) });
    },
    resumeAll,
    keepResuming() {
      let timer = clock.wake(clock.now() + adoptEvery, again);
      let isOver = false;
      function again(): void {
        // A journal that cannot be read now is looked at again.
        void resumeAll()
          .catch(() => 0)
          .then(() => {
            if (!isOver) timer = clock.wake(clock.now() + adoptEvery, again);
          });
      }
      return {
        [Symbol.dispose]() {
          isOver = true;
          timer[Symbol.dispose]();
        },
      };
    },
  };

  async function resumeAll(): Promise<number> {
    const active = await journal.find({ type: 'workflow', parent: null, status: 'active', limit: 100_000 });
    const resumed = await Promise.all(active.filter(({ run }) => !under.has(run)).map(resumeRun));
    return resumed.filter(Boolean).length;
  }

  async function resumeRun({ run, meta }: { readonly run: string; readonly meta: unknown }): Promise<boolean> {
    const { name, deployment } = propertiesOf(propertiesOf(meta).about);
    // It goes on with the code that was deployed, and not with the file of today: by its schedule, or troupe runs resume.
    if (deployment !== undefined) return false;
    try {
      const served = typeof name === 'string' ? await files.named(name) : undefined;
      if (served) follow(await runtime.resume(run, served.workflow));
      else
        tellOnce(
          run,
          `The run ${run} is not gone on with: its workflow "${String(name)}" is not there, or cannot be run.`,
        );
      return served !== undefined;
    } catch (thrown) {
      const { kind, message } = toFailure(thrown);
      if (kind !== 'owned_elsewhere') tellOnce(run, `The run ${run} is not gone on with: ${message}`);
      return false;
    }
  }

  function tellOnce(run: string, message: string): void {
    if (told.has(run)) return;
    told.add(run);
    warn(message);
  }

  async function approvalsOf(run: string, step: string, toolUseId: string | undefined, pending: boolean) {
    const all = await storedApprovals(journal, { run: run.split('/')[0], pending });
    return all.filter(
      ({ view }) =>
        view.run_id === run && view.step_id === step && (toolUseId === undefined || view.tool_use_id === toolUseId),
    );
  }

  async function answer(ticket: Address, said: { approved: boolean; note?: string }): Promise<'done' | 'decided'> {
    try {
      await runtime.answer(ticket, said, 'a person over HTTP');
      return 'done';
    } catch (thrown) {
      const { kind } = toFailure(thrown);
      if (kind === 'conflict' || kind === 'expired' || kind === 'unknown_recipient') return 'decided';
      throw thrown;
    }
  }
}

/** `run_` and 16 hex digits. */
const newRunId = (clock: Pick<Clock, 'id'>): string =>
  `run_${createHash('sha256').update(clock.id()).digest('hex').slice(0, 16)}`;

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Runs are in the order of this text. Times of this form sort as they follow each other. */
const placeOf = ({ created_at, id }: RunView): string => `${created_at} ${id}`;
const cursorOf = (run: RunView): string => Buffer.from(placeOf(run)).toString('base64url');

function cursorText(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (/^\d{4}-[\dT:.-]+Z \S+$/.test(text)) return text;
  throw new TroupeError('invalid', 'The cursor is none that this server gave.');
}
