/** A run that this process has started or resumed, as its caller holds it: its outcome, and what can be done to it here. */
import type { Messages, Protocol } from '../contracts/protocol.ts';
import type { Runnable } from '../define/runnable.ts';
import type { EndedRoot, Host } from '../engine/host.ts';
import type { ReplyChannel, Ref } from '../engine/ref.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { TroupeError, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { isJsonObject, plainCopy, throughJson } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { awaitedSignals, type AwaitedSignal } from './awaitedSignals.ts';
import { outcomeOf, type EndedOutcome } from './outcome.ts';
import { isHeldByPause } from './paused.ts';
import { resultOf } from './result.ts';
import type { Ticket } from './tickets.ts';
import { mayBeUnsettled, withUnsettled } from './unsettled.ts';
import type { UnsettledWrite } from './unsettledWrite.ts';

/** The state of a run that does not go on by itself. */
export type RunOutcome =
  | EndedOutcome
  /** Only people, or programs that send it a signal, can move it on. */
  | {
      readonly status: 'waiting';
      /** The open tickets. */
      readonly tickets: readonly Ticket[];
      /** The signals that its flows wait for; none when absent. */
      readonly signals?: readonly AwaitedSignal[];
      /** It was paused, and begins nothing until it is resumed, whatever is answered or sent; absent otherwise. */
      readonly paused?: true;
    }
  /** This process has released it; it can be resumed here or in another process. */
  | {
      readonly status: 'parked';
      /** The failure that made this process release it, if one did. */
      readonly failure?: Failure;
      /** Writes that were stopped in the middle: they are looked up, repeated or asked about when the run goes on. None when absent. */
      readonly unsettled?: readonly UnsettledWrite[];
    };

/** A run that this process has started or resumed. */
export interface RunHandle {
  /** The id of the run. */
  readonly id: string;
  /** The address of its root actor. */
  readonly root: Address;
  /** When it had ended, if it had before it was asked for here: its outcome is the stored one, and nothing is done again. Milliseconds since the epoch. */
  readonly endedAt?: number;
  /** Resolves when the run has ended or was parked. */
  outcome(options?: {
    /** Resolves also when only people, or a signal, can move the run on, or when it is paused; with `tickets` only when it has an open question. False by default. */
    returnWhenWaiting?: boolean | 'tickets';
  }): Promise<RunOutcome>;
  /**
   * Resolves with the result when the run has ended, as `run` does: of a flow with its dates, maps and other values. Rejects with its failure, with `cancelled`, or with
   * `owned_elsewhere` when another process goes on with it. A run that waits for people, or for a signal, is waited for.
   */
  result(): Promise<unknown>;
  /** On a shared journal: the version of the definition with which the run was begun (`versionOf`). Undefined where it is not known. */
  readonly begunWith?: string | undefined;
  /** Sends messages of a protocol to the root actor: for a machine that `handles` them. */
  ref<M extends Messages>(protocol: Protocol<M>): Ref<M>;
  /** True while the run is idle: nothing of it is under way, and only a timer or a message from outside can move it on. */
  readonly idle: boolean;
  /** Releases the run, to be resumed. Effects under way get `grace` milliseconds to finish; 0 by default. */
  park(grace?: number): Promise<void>;
}

/** Where the handles of runs look, and what they do. */
export interface HandleDeps {
  readonly host: Host;
  readonly journal: Journal;
  /** The open tickets of a run. */
  ticketsOf(run: string): Promise<Ticket[]>;
  /** The channel on which messages to root actors are answered. */
  replies(): ReplyChannel;
}

export type OpenHandle = (
  subject: Runnable,
  run: string,
  root: Address,
  /** The root as it was before the run was asked for here. */
  before?: ActorRow,
  /** The end that the root has come to while the run was begun. */
  end?: EndedRoot,
) => Promise<RunHandle>;

/** Makes the handles of runs. */
export function runHandles({ host, journal, ticketsOf, replies }: HandleDeps): OpenHandle {
  /** Only there may another version of a definition go on with a run. */
  const isShared = journal.skipped !== undefined;

  return async (subject, run, root, before, end) => {
    let known = end && endedAlone(end);
    const [row] = isShared ? await journal.find({ actor: root }) : [];
    const handle: RunHandle = {
      id: run,
      root,
      begunWith: row && versionIn(row),
      ...(before && before.status !== 'active' ? { endedAt: before.updated } : {}),
      async outcome(options = {}) {
        requireOptions('outcome', options, outcomeOptionNames);
        const { returnWhenWaiting = false } = options;
        const first = known;
        known = undefined;
        if (first) return first;
        for (;;) {
          const { promise: changed, stop } = nextChange(run, root);
          const outcome = await stateOf(subject, run, root, returnWhenWaiting);
          if (outcome) return (stop(), outcome);
          const end = await changed;
          const ended = end && endedAlone(end);
          if (ended) return ended;
        }
      },
      async result() {
        const outcome = await handle.outcome();
        if (outcome.status !== 'waiting') return resultOf(handle, outcome);
        throw new TroupeError('internal', 'A run that was not to wait for people does.');
      },
      get idle() {
        return host.isIdle(run);
      },
      ref: (protocol) => replies().ref(protocol, root, run),
      async park(grace = 0) {
        await host.park(run, grace);
      },
    };
    return handle;
  };

  /** The state of the run; undefined while it goes on by itself. */
  async function stateOf(
    subject: Runnable,
    run: string,
    root: Address,
    returnWhenWaiting: boolean | 'tickets',
  ): Promise<RunOutcome | undefined> {
    if (!host.owns(run) || !host.actor(root)) {
      const [row] = await journal.find({ actor: root });
      const ended = row && outcomeOf(row);
      if (ended) return withUnsettled(journal, run, ended);
      if (!host.owns(run)) return withUnsettled(journal, run, parked(run));
    }
    if (!returnWhenWaiting || !host.isIdle(run)) return undefined;
    if (host.actorsOf(run).some((actor) => actor.tags.has('recovering'))) return undefined; // It waits for time, not for a person.
    const open = (await ticketsOf(run)).filter(({ answered }) => !answered);
    const onlyTickets = returnWhenWaiting === 'tickets';
    const signals = onlyTickets || hasTimers(run) ? [] : await awaitedSignals(journal, run);
    const paused = !onlyTickets && (await isHeldByPause(journal, run, root));
    if (!(paused || open.length + signals.length > 0) || !host.isIdle(run)) return undefined;
    return {
      status: 'waiting',
      tickets: open,
      ...(signals.length > 0 ? { signals } : {}),
      ...(paused ? { paused } : {}),
    };
  }

  /** Does an actor wait for time that is neither a flow, whose pauses are known, nor a question? */
  function hasTimers(run: string): boolean {
    return host
      .actorsOf(run)
      .some(({ nextTimer, type }) => nextTimer !== undefined && !['flow', 'wait'].includes(type.chart.machine.id));
  }

  function parked(run: string): RunOutcome {
    const failure = host.whyLost(run);
    return { status: 'parked', ...(failure ? { failure } : {}) };
  }

  /** Resolves when the run may have ended, rest, or be elsewhere: while it goes on here, there is nothing to look at. With the end of its root, where that came here. */
  function nextChange(run: string, root: Address): { promise: Promise<EndedRoot | undefined>; stop(): void } {
    let end: EndedRoot | undefined;
    const ending = host.onEnd(root, (ended) => (end = ended));
    // A root whose end is being stored is still there: that may be refused.
    const isGoingOn = () => host.owns(run) && host.actor(root) !== undefined && !host.isIdle(run);
    let listener: Disposable;
    const stop = () => {
      listener[Symbol.dispose]();
      ending[Symbol.dispose]();
    };
    const promise = new Promise<EndedRoot | undefined>((resolve) => {
      listener = host.activity.watch(run, () => {
        if (isGoingOn()) return;
        stop();
        resolve(end);
      });
    });
    return { promise, stop };
  }
}

/** The outcome of a run without other actors, where it has no writes that could be unsettled: a flow that came to an early end, or says so, may have some. */
function endedAlone({ isAlone, row }: EndedRoot): RunOutcome | undefined {
  const outcome = isAlone ? outcomeOf(withoutReferences(row), true) : undefined;
  return row.type !== 'flow' || !mayBeUnsettled(row) ? outcome : undefined;
}

/** The same with an end of its own: what a caller is given may be changed. Nothing else of the snapshot tells the outcome. */
function withoutReferences(row: ActorRow): ActorRow {
  const { machine, failure, state } = propertiesOf(row.snapshot);
  const { output = null } = propertiesOf(state);
  const end = { machine, state: { output }, ...(failure === undefined ? {} : { failure }) };
  return { ...row, snapshot: plainCopy(end) ?? throughJson(end) };
}

/** The version of the definition with which a run was begun, from its root. */
export function versionIn({ meta }: Pick<ActorRow, 'meta'>): string | undefined {
  const { about } = isJsonObject(meta) ? meta : {};
  return isJsonObject(about) && typeof about.version === 'string' ? about.version : undefined;
}

const outcomeOptionNames: OptionNames<NonNullable<Parameters<RunHandle['outcome']>[0]>> = {
  returnWhenWaiting: true,
};
