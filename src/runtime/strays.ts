/**
 * Stray errors: what code throws where nothing can catch it, in a timer, an event handler or a promise that nobody awaits.
 *
 * SE1 One that a tool or another effect of a run has started fails that run, by name, and no other. In a flow it fails the flow as if its body had thrown it.
 * SE2 One that has another origin is the program's own: it ends the process as it would without Troupe, unless somebody else listens for it.
 *    A command that runs other people's definitions (`reportOthers`) says it instead and goes on.
 */
import { isStopped } from '../flow/flowErrors.ts';
import { workContext, type WorkContext } from '../engine/workContext.ts';
import { reasonOf } from '../values/cause.ts';
import { contain } from '../values/contain.ts';

type Report = (thrown: unknown) => void;

let holders = 0;
const reports: Report[] = [];

/** Catches stray errors until the result is disposed. Each runtime holds it once; the process has one listener for all. */
export function containStrays(): Disposable {
  if (holders++ === 0) process.on('uncaughtException', onException).on('unhandledRejection', onRejection);
  let isOver = false;
  return {
    [Symbol.dispose]() {
      if (isOver) return;
      isOver = true;
      if (--holders === 0) stop();
    },
  };
}

/** Until the result is disposed, errors of an unknown origin are given to `report`, and the process goes on. */
export function reportOthers(report: Report): Disposable {
  reports.push(report);
  return { [Symbol.dispose]: () => void reports.splice(reports.indexOf(report), 1) };
}

const stop = () => void process.off('uncaughtException', onException).off('unhandledRejection', onRejection);

function onException(thrown: unknown): void {
  if (isHandled(thrown) || process.listenerCount('uncaughtException') > 1) return;
  leaveToProcess(thrown);
}

function onRejection(reason: unknown): void {
  if (isHandled(reason) || process.listenerCount('unhandledRejection') > 1) return;
  // As Node does it without a listener: the rejection becomes an exception, which another listener may take.
  leaveToProcess(reason);
}

function isHandled(thrown: unknown): boolean {
  const context = workContext();
  const report = context ? failRun(context) : reports.at(-1);
  // Node ends the process when one of these listeners throws.
  contain('An error that nothing caught', report, thrown);
  return report !== undefined;
}

const failRun =
  ({ fail, effect, actor }: WorkContext): Report =>
  (thrown) => {
    // A branch of a flow that nobody awaits yet is told that the flow was stopped.
    if (isStopped(thrown)) return;
    // A run that has ended keeps its result.
    if (!fail(thrown))
      process.emitWarning(
        `"${effect}" of ${actor} threw where nothing could catch it, when its run was no longer at work in this process: ${reasonOf(thrown)}`,
        'TroupeWarning',
      );
  };

/** Thrown again without our listeners, it ends the process as it would have, with the same stack and exit code. */
function leaveToProcess(thrown: unknown): void {
  stop();
  process.nextTick(() => {
    throw thrown;
  });
}
