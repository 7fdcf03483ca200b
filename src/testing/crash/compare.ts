/** Compares a run that was killed with the undisturbed one, and says which promises were broken. */
import { actorTypeOf } from '../../values/ids.ts';
import { isUnkeyedWrite } from '../world/effectAttempt.ts';
import type { CrashEnding } from './crashEnding.ts';
import type { PerformedAttempt } from './crashRecorder.ts';

/** Every broken promise, in words; empty when all were kept. */
export function compare(ending: CrashEnding, undisturbed: CrashEnding): string[] {
  const { recorder, output, world, left } = ending;
  const { attempts } = recorder;
  const usual = undisturbed.recorder.attempts;
  const problems = [
    ...recorder.broken.map(({ says }) => says),
    ...performedUnderOtherKeys(attempts, usual),
    ...(isSurfaced(ending, undisturbed) ? [] : performedTooOften(attempts, usual)),
  ];
  if (output === undefined) return [...problems, `it does not end: ${ending.active}`];
  if (!isSurfaced(ending, undisturbed)) {
    if (output !== undisturbed.output) problems.push(`it ended as ${output}, undisturbed as ${undisturbed.output}`);
    if (world !== undisturbed.world) problems.push(`the world is ${world}, undisturbed ${undisturbed.world}`);
    problems.push(...neverPerformed(attempts, usual));
  }
  return [...problems, ...left.filter((one) => !undisturbed.left.includes(one))];
}

/** A write turned out to be uncertain, and a person or the machine was told. What they decide may be another ending. */
export const isSurfaced = ({ recorder }: CrashEnding, undisturbed: CrashEnding): boolean =>
  recorder.uncertain.length > undisturbed.recorder.uncertain.length;

/** What a write is, whatever its key: its name, its input and the type of its actor. (Addresses count steps, and a crash may cost one.) */
const taskOf = ({ actor, name, input }: PerformedAttempt) => `"${name}" of a ${actorTypeOf(actor)} with ${input}`;

const isWrite = ({ kind }: PerformedAttempt) => kind === 'write';
const isKeyedWrite = (attempt: PerformedAttempt) => isWrite(attempt) && attempt.idempotent;

/** By task, the keys of its attempts in order. */
function keysByTask(attempts: readonly PerformedAttempt[]): Map<string, string[]> {
  const tasks = new Map<string, string[]>();
  for (const attempt of attempts) {
    const task = taskOf(attempt);
    tasks.set(task, [...(tasks.get(task) ?? []), attempt.key]);
  }
  return tasks;
}

/** A write whose receiver honours keys keeps its key. */
function performedUnderOtherKeys(attempts: readonly PerformedAttempt[], undisturbed: readonly PerformedAttempt[]) {
  const usual = keysByTask(undisturbed.filter(isKeyedWrite));
  return [...keysByTask(attempts.filter(isKeyedWrite))].flatMap(([task, keys]) => {
    const [now, then] = [new Set(keys), new Set(usual.get(task))];
    return now.size <= Math.max(1, then.size)
      ? []
      : `${shortened(task)} was performed under ${now.size} keys (${[...now].join(', ')}), undisturbed under ${then.size}: a world that honours keys does it twice`;
  });
}

/** A write whose receiver does not honour keys is attempted once. */
function performedTooOften(attempts: readonly PerformedAttempt[], undisturbed: readonly PerformedAttempt[]) {
  const usual = keysByTask(undisturbed.filter(isUnkeyedWrite));
  return [...keysByTask(attempts.filter(isUnkeyedWrite))].flatMap(([task, keys]) => {
    const times = usual.get(task)?.length ?? 0;
    return keys.length <= Math.max(1, times)
      ? []
      : `${shortened(task)} was performed ${keys.length} times (${keys.join(', ')}), undisturbed ${times}: the world does not honour its key, and nobody was asked`;
  });
}

function neverPerformed(attempts: readonly PerformedAttempt[], undisturbed: readonly PerformedAttempt[]): string[] {
  const done = new Set(attempts.map(taskOf));
  return [...new Set(undisturbed.filter(isWrite).map(taskOf))]
    .filter((task) => !done.has(task))
    .map((task) => `${shortened(task)} was never performed`);
}

const shortened = (text: string) => (text.length > 400 ? `${text.slice(0, 400)}…` : text);
