/** What becomes of a message whose step failed, or that nothing handles: it was handled before, its actor fails or begins again, or it is a dead letter (E10). */
import type { Commit } from '../contracts/commit.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { restartList, type Restart } from '../contracts/restart.ts';
import { commitEventOf, type Incoming } from '../core/incoming.ts';
import { deadLetterChange, mustStopHere, notRunningError, toError, unhandledError } from '../core/rejections.ts';
import { escalatedFailure, restartRecord } from '../core/supervisor.ts';
import { toPendingMessage } from '../core/systemMessages.ts';
import type { StateChange } from '../core/toCommit.ts';
import { fromFailure, type Failure } from '../values/failure.ts';
import { asJson } from '../values/json.ts';
import type { ActorHost } from './actorHost.ts';
import type { ActorState, PlannedCommit } from './actorState.ts';
import { wasHandled } from './duplicates.ts';
import type { HostedRun } from './hostedRun.ts';

/** What they need of the actor. */
export interface FailedStepParts {
  readonly host: ActorHost;
  readonly run: HostedRun;
  readonly state: ActorState;
  /** Uses the journal, and waits while it is away. */
  retry<T>(use: () => Promise<T>): Promise<T>;
  /** Stores a change of the actor, and what follows from it. */
  commit(plan: PlannedCommit): Promise<unknown>;
  /** The actor fails. */
  endInFailure(failure: Failure, event: StateChange['event']): Promise<void>;
}

/** The messages of one actor that did not become a step. */
export class FailedSteps {
  readonly #parts: FailedStepParts;

  constructor(parts: FailedStepParts) {
    this.#parts = parts;
  }

  /** The step failed. The actor is what it was at the last commit; its supervisor decides what follows. Throws a failure that is not the actor's own. */
  async failed(incoming: Incoming, failure: Failure): Promise<void> {
    const { host, run: hosted, state, retry, endInFailure } = this.#parts;
    if (mustStopHere(failure)) throw fromFailure(failure);
    if (!incoming.isInternal && (await this.answerIfHandled(incoming))) return;
    const { journal, clock } = host.context;
    const { run, address, parent: by = 'system' } = state;
    const { result } = incoming;
    if (result) await retry(() => journal.record(run, hosted.epoch, address, clock.now(), result));
    const decision = await host.supervise(state, failure, !incoming.isInternal);
    const { policy } = decision;
    if (decision.escalate) await endInFailure(escalatedFailure(failure, decision), commitEventOf(incoming));
    else if (decision.who.length === 0) return incoming.reject(notRunningError(address));
    else if (decision.restart === 'resume')
      await this.#deadLetter(
        incoming,
        failure,
        by,
        policy && restartRecord(policy, { at: clock.now(), by, how: 'resume', failure }),
      );
    incoming.reject(fromFailure(failure));
  }

  /** No transition handles it in this state. */
  async unhandled(incoming: Incoming): Promise<void> {
    if (!(await this.answerIfHandled(incoming))) incoming.reject(unhandledError(this.#parts.state, incoming));
  }

  /** Was it handled before? Then the sender has its answer now. */
  async answerIfHandled({ id, body, ask, acknowledge, reject }: Incoming): Promise<boolean> {
    const { host, state, retry } = this.#parts;
    const message = { id, body, asker: ask?.from };
    const answer = (reply: Envelope) => host.begin(state, toPendingMessage(reply));
    try {
      const handled = await retry(() => wasHandled(host.context.journal, state.address, message, answer));
      if (handled) acknowledge(true);
      return handled;
    } catch (thrown) {
      reject(toError(thrown));
      return true;
    }
  }

  async #deadLetter(incoming: Incoming, failure: Failure, by: string, restart?: Restart): Promise<void> {
    const { host, state, commit } = this.#parts;
    const { clock, report } = host.context;
    const { run, address } = state;
    const { appends = [], ...change } = deadLetterChange(state, incoming, failure, clock.now());
    const all = restart ? [...appends, restartEntry(restart)] : appends;
    await commit(state.plan({ ...change, appends: all, running: state.children }));
    const { id, event, from = address } = incoming;
    const at = clock.now();
    report({ type: 'dead', at, run, actor: address, message: { id, type: event.type, from }, failure });
    report({ type: 'restarted', at, run, actor: address, by, how: 'resume', failure });
  }
}

/** A restart, as an entry of the list that a supervisor counts. */
export const restartEntry = (restart: Restart): Commit['appends'][number] => ({
  list: restartList,
  entry: asJson(restart),
});
