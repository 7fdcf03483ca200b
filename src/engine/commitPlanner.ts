/** The commit that one thing would make for an actor: its start, a message, its failure. Nothing here writes, sends or waits. */
import type { Commit } from '../contracts/commit.ts';
import { withEventContext, type EventContext } from '../contracts/eventContext.ts';
import { commitEventOf, type Incoming } from '../core/incoming.ts';
import { mustStopHere } from '../core/rejections.ts';
import { endMessageFor, signalEnvelope, toPendingMessage } from '../core/systemMessages.ts';
import type { StateChange } from '../core/toCommit.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { ActorHost } from './actorHost.ts';
import type { ActorState, PlannedCommit } from './actorState.ts';
import type { Executor } from './execute.ts';

/** Plans the commits of one actor. */
export class CommitPlanner {
  readonly #host: ActorHost;
  readonly #state: ActorState;
  readonly #executor: Pick<Executor, 'soFar'>;

  constructor(host: ActorHost, state: ActorState, executor: Pick<Executor, 'soFar'>) {
    this.#host = host;
    this.#state = state;
    this.#executor = executor;
  }

  /** Everything in `ends` is closed, and `appends` are added to the lists of the actor. A machine that cannot begin has failed. */
  start(event: StateChange['event'], ends: readonly string[] = [], appends: Commit['appends'] = []): PlannedCommit {
    const { chart } = this.#state.type;
    try {
      const first = chart.initial(withEventContext(this.#state.spawnInfo.input, this.#timeAndChance()));
      return this.#state.step(first, undefined, { event, ends, appends });
    } catch (thrown) {
      return this.failure(toFailure(thrown), event);
    }
  }

  /** Undefined when no transition handles the message in this state. Throws what the machine throws. */
  message(incoming: Incoming, ends: readonly string[] = []): PlannedCommit | undefined {
    const { chart } = this.#state.type;
    const { snapshot: before, address } = this.#state;
    if (!before) throw new TroupeError('internal', `${address} has not begun.`);
    if (incoming.forward) return this.#forward(incoming, incoming.forward);
    const step = chart.step(before, withEventContext(incoming.event, this.#contextOf(incoming)));
    const { settles, result } = incoming;
    const event = commitEventOf(incoming);
    if (incoming.isInternal) return this.#state.step(step, before, { event, settles, result, ends });
    if (step[0] === before && step[1].length === 0 && chart.ignores(before, incoming.event)) return undefined;
    return this.#state.step(step, before, { event: { ...event, inbox: true }, settles, result, ends });
  }

  /** The actor fails: its children stop, its parent is told. Throws a failure that is not the actor's own. */
  failure(failure: Failure, event: StateChange['event']): PlannedCommit {
    if (mustStopHere(failure)) throw fromFailure(failure);
    const { snapshot, pendings, spawnInfo } = this.#state;
    const opens = endMessageFor(spawnInfo, this.#state.key(0), { error: failure });
    const closes = pendings.keysEndingWith([]);
    return this.#state.plan({ snapshot, status: 'failed', event, opens, closes, failure });
  }

  /** A delayed message is due: one commit ends the timer and opens the message, so that a crash neither loses nor doubles it (E2, E5). */
  #forward(incoming: Incoming, { to, event }: NonNullable<Incoming['forward']>): PlannedCommit {
    const { address, run, snapshot } = this.#state;
    const message = toPendingMessage(signalEnvelope(this.#state.key(0), address, to, run, event, incoming.id));
    const closes = incoming.settles === undefined ? [] : [incoming.settles];
    return this.#state.plan({
      snapshot,
      status: 'active',
      event: commitEventOf(incoming),
      opens: [message],
      closes,
      running: this.#state.children,
    });
  }

  #contextOf({ id, from, isInternal }: Incoming): EventContext {
    return {
      ...this.#timeAndChance(),
      deadline: this.#state.deadline,
      message: isInternal || from === undefined ? undefined : { id, from },
      soFar: (child) => this.#executor.soFar(child),
    };
  }

  #timeAndChance(): EventContext {
    const { clock } = this.#host.context;
    return { at: clock.now(), actor: this.#state.address, chance: () => clock.random() };
  }
}
