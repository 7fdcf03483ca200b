/** Finds circles: of steps that wait for each other, and of workflow files that use each other. */
import type { FileProblem } from '../problem.ts';
import { linked, type Sources, type WorkflowNode } from '../project/sources.ts';
import { stepsBefore } from '../define/step.ts';

/** A circle from the nodes that can be reached from `start`, its first node again at its end; undefined when there is none. */
export function circleFrom(starts: readonly string[], next: (node: string) => readonly string[]): string[] | undefined {
  const done = new Set<string>();
  for (const start of starts) {
    // Without recursion: a chain may have ten thousand steps.
    const trail: { readonly node: string; readonly rest: string[] }[] = [];
    const onTrail = new Set<string>();
    const enter = (node: string) => {
      trail.push({ node, rest: [...next(node)] });
      onTrail.add(node);
    };
    if (!done.has(start)) enter(start);
    for (let top = trail.at(-1); top; top = trail.at(-1)) {
      const node = top.rest.shift();
      if (node === undefined) {
        trail.pop();
        onTrail.delete(top.node);
        done.add(top.node);
      } else if (onTrail.has(node)) {
        const names = trail.map((each) => each.node);
        return [...names.slice(names.indexOf(node)), node];
      } else if (!done.has(node)) enter(node);
    }
  }
  return undefined;
}

/** A circle of steps, by what they name and what they read. */
export function checkStepCycle(node: WorkflowNode): FileProblem[] {
  const steps = node.value?.pipeline ?? [];
  const ids = steps.map(({ id }) => id);
  const before = new Map(steps.map((step) => [step.id, stepsBefore(step, ids)]));
  const circle = circleFrom(ids, (id) => before.get(id) ?? []);
  if (!circle) return [];
  const at = steps.findIndex(({ id }) => id === circle[0]);
  const step = steps[at];
  const path = ['pipeline', at, ...(step?.depends_on?.length ? ['depends_on'] : [])];
  const message =
    circle.length === 2
      ? `The step "${circle[0] ?? ''}" waits for itself: it depends on its own output.`
      : `These steps wait for each other in a cycle: ${circle.join(' -> ')}.`;
  return [node.yaml.problem(path, message, { whole: true })];
}

/** A circle of workflow files, reported at the step that closes it. */
export function checkFileCycle(node: WorkflowNode, sources: Sources): FileProblem[] {
  const next = (file: string) =>
    [...(sources.workflows.get(file)?.workflows.values() ?? [])].flatMap((link) => linked(link) ?? []);
  return [...node.workflows.values()].flatMap((link) => {
    const to = linked(link);
    const back = to === undefined ? undefined : wayTo(to, node.file, next);
    if (!back) return [];
    const names = [node.file, ...back].map((file) => sources.workflows.get(file)?.name ?? file);
    return [
      node.yaml.problem(link.path, `These workflows use each other in a cycle: ${names.join(' -> ')}.`, {
        whole: true,
      }),
    ];
  });
}

/** The shortest way between two nodes, both ends included; undefined when there is none. */
export function wayTo(from: string, goal: string, next: (node: string) => readonly string[]): string[] | undefined {
  const ways = new Map<string, string[]>([[from, [from]]]);
  const queue = [from];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const way = ways.get(node) ?? [];
    if (node === goal) return way;
    for (const each of next(node))
      if (!ways.has(each)) {
        ways.set(each, [...way, each]);
        queue.push(each);
      }
  }
  return undefined;
}
