/** Compares a run that was killed with the undisturbed one, and says what was promised and not kept. */
import { typeOf } from '../../contracts/ids.ts';
import type { Deed } from './deeds.ts';
import type { Ending } from './run.ts';

/** Every broken promise, in words; empty when all were kept. */
export function judge(ending: Ending, undisturbed: Ending): string[] {
  const { seen, output, world, left } = ending;
  // A person or the machine was told of a write that nobody can vouch for. What they make of it may be another ending.
  const isSurfaced = seen.uncertain.length > undisturbed.seen.uncertain.length;
  const problems = [...seen.repeated, ...doneTooOften(seen.deeds, undisturbed.seen.deeds, isSurfaced)];
  if (output === undefined) problems.push(`it does not end: ${ending.stands}`);
  else if (!isSurfaced) {
    if (output !== undisturbed.output) problems.push(`it ended as ${output}, undisturbed as ${undisturbed.output}`);
    if (world !== undisturbed.world) problems.push(`the world is ${world}, undisturbed ${undisturbed.world}`);
    problems.push(...notDone(seen.deeds, undisturbed.seen.deeds));
  }
  if (output !== undefined) problems.push(...left.filter((one) => !undisturbed.left.includes(one)));
  return problems;
}

/** What a write is, whatever its key: what kind of actor does what, with which input. (Addresses count steps, and a crash may cost one.) */
const taskOf = ({ actor, name, input }: Deed) => `"${name}" of a ${typeOf(actor)} with ${input}`;

/** By task, the keys of its attempts in order. */
function writes(deeds: readonly Deed[], idempotent: boolean): Map<string, string[]> {
  const tasks = new Map<string, string[]>();
  for (const deed of deeds) {
    if (deed.kind !== 'write' || deed.idempotent !== idempotent) continue;
    const task = taskOf(deed);
    tasks.set(task, [...(tasks.get(task) ?? []), deed.key]);
  }
  return tasks;
}

/** A write with a key keeps its key; one without is attempted once, unless somebody was asked in between. */
function doneTooOften(deeds: readonly Deed[], undisturbed: readonly Deed[], isSurfaced: boolean): string[] {
  const usual = writes(undisturbed, true);
  const rekeyed = [...writes(deeds, true)].flatMap(([task, keys]) => {
    const [now, then] = [new Set(keys), new Set(usual.get(task))];
    return now.size <= Math.max(1, then.size)
      ? []
      : `${shortened(task)} was performed under ${now.size} keys (${[...now].join(', ')}), undisturbed under ${then.size}: a world that honours keys does it twice`;
  });
  if (isSurfaced) return rekeyed;
  const once = writes(undisturbed, false);
  const blind = [...writes(deeds, false)].flatMap(([task, keys]) =>
    keys.length <= Math.max(1, once.get(task)?.length ?? 0)
      ? []
      : `${shortened(task)} was performed ${keys.length} times (${keys.join(', ')}), undisturbed ${once.get(task)?.length ?? 0}: the world does not honour its key, and nobody was asked`,
  );
  return [...rekeyed, ...blind];
}

const notDone = (deeds: readonly Deed[], undisturbed: readonly Deed[]): string[] => {
  const done = new Set(deeds.map(taskOf));
  return [...new Set(undisturbed.filter(({ kind }) => kind === 'write').map(taskOf))]
    .filter((task) => !done.has(task))
    .map((task) => `${shortened(task)} was never performed`);
};

const shortened = (text: string) => (text.length > 400 ? `${text.slice(0, 400)}…` : text);
