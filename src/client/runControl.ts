/**
 * What moves a run: answers, signals, pauses, cancels, and going on with one that stands.
 *
 * CL1 What is told to a run is stored first, so that it holds whichever process has the run, and when none has.
 * CL2 A client that has the definitions goes on at once with a run that no process has, once there is something for it.
 */
import type { ActorRow } from '../journal/journal.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { signalsAwaitedBy } from '../runtime/awaitedSignals.ts';
import { willBePaused } from '../runtime/paused.ts';
import { isHeld } from '../runtime/standing.ts';
import { requireFailed } from '../runtime/retry.ts';
import { requireWholeAnswerFits } from '../runtime/answerFits.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { controlSignal, type ControlCommand } from './controlSignal.ts';
import { definitionOf, type DefinitionResolver } from './definitions.ts';
import { askedWaits, selectWait, unanswered } from './pendingWaits.ts';
import { definitionKind, mostActors, rootRow } from './runFacts.ts';

/** What runs are moved with. */
export interface RunControlParts {
  readonly runtime: Runtime;
  readonly definitions: DefinitionResolver | undefined;
  /** Who answers, where nobody is named. */
  readonly by: string;
}

/** Moves the runs of a journal. Each call resolves when what was asked for is stored, or the run goes on here. */
export function runControl({ runtime, definitions, by: usualName }: RunControlParts) {
  const { journal } = runtime;

  /** Has this process or another one the run, so that what is stored for it reaches it? */
  async function isHeldNow(run: string): Promise<boolean> {
    const [lease] = await journal.claims({ run });
    return lease !== undefined && isHeld(lease, runtime.now());
  }

  /** Goes on here with a run that no process has. Rejects as `runtime.resume`. */
  async function goOn(root: ActorRow): Promise<void> {
    const subject = await definitionOf(definitions, root);
    await runtime.resume(root.run, subject);
  }

  /** Goes on with it when it can be gone on with here; otherwise it waits for a process that can. */
  async function moveOn(root: ActorRow): Promise<void> {
    if (definitions === undefined || (await isHeldNow(root.run))) return;
    try {
      await goOn(root);
    } catch (thrown) {
      // Another process was quicker.
      if (!(thrown instanceof TroupeError) || thrown.kind !== 'owned_elsewhere') throw thrown;
    }
  }

  async function tell(run: string, command: ControlCommand, more: JsonObject = {}): Promise<void> {
    const root = await activeRoot(run, command);
    await runtime.signal(root.actor, controlSignal(root, command, more));
    await moveOn(root);
  }

  async function activeRoot(run: string, command: string): Promise<ActorRow> {
    const root = await rootRow(journal, run);
    if (root.status === 'active') return root;
    throw new TroupeError('conflict', `The run "${run}" has ended (${root.state}); there is nothing to ${command}.`);
  }

  /** The flow that a signal is for: the root, unless only a child of it waits for one of that name. */
  async function takerOf(root: ActorRow, name: string): Promise<string> {
    const rows = await journal.find({ run: root.run, status: 'active', limit: mostActors });
    const waiting = rows.flatMap(signalsAwaitedBy).filter((signal) => signal.name === name);
    const [taker = root] = waiting.filter(({ actor }) => actor === root.actor).concat(waiting);
    return taker.actor;
  }

  return {
    async input(
      run: string,
      { wait, value, by = usualName }: { wait?: string; value: Json; by?: string },
    ): Promise<void> {
      const root = await rootRow(journal, run);
      const asked = await selectWait(journal, { run, wait, now: runtime.now() });
      // Checked before anything is written: an answer that does not fit leaves the question open.
      await requireWholeAnswerFits(asked, value);
      await runtime.answer(asked.wait_id, value, by);
      await moveOn(root);
    },

    async abortWait(
      run: string,
      { wait, reason = 'withdrawn', by = usualName }: { wait?: string; reason?: string; by?: string } = {},
    ): Promise<void> {
      const root = await rootRow(journal, run);
      const asked = await selectWait(journal, { run, wait, now: runtime.now() });
      await runtime.abort(asked.wait_id, reason, by);
      await moveOn(root);
    },

    async signal(run: string, name: string, value: Json): Promise<void> {
      if (name.trim() === '') throw new TroupeError('invalid', 'Give the name of the signal; it was empty.');
      const root = await activeRoot(run, 'signal');
      if (definitionKind(root) !== 'flow')
        throw new TroupeError(
          'unsupported',
          `Only flows take signals by name; the run "${run}" is of the kind "${definitionKind(root)}".`,
        );
      await runtime.signal(await takerOf(root, name), { type: 'flow.signal', name, value });
      await moveOn(root);
    },

    async retry(run: string): Promise<void> {
      const root = await rootRow(journal, run);
      requireFailed(root);
      await runtime.retry(run, await definitionOf(definitions, root));
    },

    async resume(run: string): Promise<void> {
      const root = await activeRoot(run, 'resume');
      const open = unanswered(await askedWaits(journal, { run, now: runtime.now() }));
      // Also when it was told to while no process had it: the process that goes on with it takes that first.
      const isPaused = willBePaused(root, await journal.mail(run));
      if (open.length > 0 && !isPaused)
        throw new TroupeError(
          'conflict',
          `The run "${run}" waits for an answer to ${open.map(({ name }) => `"${name}"`).join(', ')}: it goes on when that is given.`,
        );
      const isAtWork = await isHeldNow(run);
      if (isAtWork && !isPaused)
        throw new TroupeError(
          'conflict',
          `The run "${run}" is neither paused nor without a process: it goes on by itself.`,
        );
      // What it is gone on with is known before it is told.
      const subject = isAtWork ? undefined : await definitionOf(definitions, root);
      if (isPaused) await runtime.signal(root.actor, controlSignal(root, 'resume'));
      if (subject) await runtime.resume(run, subject);
    },

    pause: (run: string) => tell(run, 'pause'),
    cancel: (run: string, { reason = 'cancelled' }: { reason?: string } = {}) => tell(run, 'cancel', { reason }),
  };
}
