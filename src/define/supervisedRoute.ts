/**
 * Supervises the work of members that fail, beside those that break: what a member was given is given to it again, at most `maxRestarts` times.
 * The route sees the messages as if these attempts had not been made.
 */
import type { Phase } from '../contracts/agent.ts';
import { memberFailure } from '../contracts/ending.ts';
import { Failure, TroupeError, type FailureKind } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import { rememberPart } from './madeFrom.ts';
import type { Next, Send, TeamMessage } from './teamDefinition.ts';

/** The message that stands for the answer of a member that failed, in a supervised team whose route does not name one of its own. */
export const memberFailedMessage = 'member.failed';

/** Failures that another attempt would only repeat, or after which one could do something twice. */
const finalKinds: ReadonlySet<FailureKind> = new Set([
  'budget',
  'denied',
  'auth',
  'cancelled',
  'expired',
  'uncertain',
  'definition',
  'unsupported',
  'incompatible',
]);

/** How the work of members that fail is supervised. */
interface WorkSupervision {
  /** The message that stands for the answer of a member that failed. */
  readonly failureMessage: string;
  /** How many further attempts a piece of work gets. */
  readonly maxRestarts: number;
  /** How many messages the route itself may hand out. */
  readonly maxTurns: number;
  /** The route decides what follows after the last attempt; otherwise the failure ends the run. */
  readonly isRouted: boolean;
}

/** A piece of work as it was handed out. */
interface Handed {
  readonly send: Send;
  /** Its number among what the route itself has handed out. */
  readonly turn: number;
  /** How many attempts at it failed before this one. */
  readonly failed: number;
}

/** How far the messages of a run were gone through. */
interface Progress {
  /** The latest message that was gone through, and its index. */
  readonly latest: TeamMessage | undefined;
  readonly index: number;
  readonly handed: Handed[];
  /** The messages that the route sees. */
  readonly seen: TeamMessage[];
  readonly turns: number;
  readonly next: Next;
}

/** A route that gives work again. Pure, as the route itself is: all of it follows from the messages so far. */
export function supervisedRoute(
  next: (said: readonly TeamMessage[]) => Next,
  supervision: WorkSupervision,
): (said: readonly TeamMessage[]) => Next {
  const { failureMessage, maxRestarts, maxTurns, isRouted } = supervision;
  // The messages of a run are held in memory while it works: each is gone through once, and again after a restart.
  const known = new WeakMap<TeamMessage, Progress>();

  const take = (before: Progress, message: TeamMessage, index: number): Progress => {
    const { handed, seen } = before;
    const answered = message.turn === undefined ? undefined : handed[message.turn];
    if (message.type === failureMessage && answered) {
      const { send, turn, failed } = answered;
      const failure = failureIn(message);
      if (failed < maxRestarts && !finalKinds.has(failure.kind)) {
        handed.push({ send, turn, failed: failed + 1 });
        return { ...before, latest: message, index, next: { send: [send] } };
      }
      if (!isRouted) throw failedAtLast(message, failure, send.to, failed);
    }
    seen.push(answered ? { ...message, turn: answered.turn } : message);
    const decided = next([...seen]);
    const sends = 'send' in decided ? decided.send : [];
    const turns = before.turns + sends.length;
    if (turns > maxTurns) throw tooManyTurns(before.turns);
    sends.forEach((send, nth) => handed.push({ send, turn: before.turns + nth, failed: 0 }));
    return { ...before, latest: message, index, turns, next: decided };
  };

  const supervised = (said: readonly TeamMessage[]): Next => {
    const [first] = said;
    const before = first && known.get(first);
    const isNext = before !== undefined && before.index < said.length && said[before.index] === before.latest;
    let progress: Progress = isNext
      ? before
      : { latest: undefined, index: -1, handed: [], seen: [], turns: 0, next: { send: [] } };
    // A route that throws leaves nothing behind that was gone through by half.
    if (first) known.delete(first);
    for (const [index, message] of said.entries())
      if (index > progress.index) progress = take(progress, message, index);
    if (first) known.set(first, progress);
    return progress.next;
  };
  rememberPart(supervised, next);
  return supervised;
}

/** What the run says of the end of a member; its parts are checked, because the message may be of an older version. */
function failureIn({ body }: TeamMessage): Failure {
  const parsed = Failure.safeParse({ retryable: false, ...propertiesOf(body) });
  return parsed.success
    ? parsed.data
    : { kind: 'internal', message: 'A member failed and did not say why.', retryable: false };
}

function failedAtLast({ body }: TeamMessage, failure: Failure, member: string, failed: number): TroupeError {
  // The run itself wrote it there.
  const { phase } = propertiesOf(body) as { readonly phase?: Phase };
  const { kind, message, data } = memberFailure(failure, { member, ...(phase === undefined ? {} : { phase }) });
  const attempts = failed === 0 ? '' : ` It was tried ${failed + 1} times.`;
  return new TroupeError(kind, `${message}${attempts}`, data === undefined ? {} : { data });
}

const tooManyTurns = (turns: number): TroupeError =>
  new TroupeError(
    'budget',
    `The run handed out ${turns} messages, which is as many as it may. Raise maxTurns, or let the route finish sooner.`,
    { data: { turns } },
  );
