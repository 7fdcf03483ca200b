/** What ends when a final state is entered. */
import type { AnyStateNode } from 'xstate';
import { hasEnded } from './nodes.ts';
import type { Completion } from './plan.ts';

/** `active`: the states so far, this one among them. `ended`: the parallel states that ended by the same transitions; it grows. */
export function completionOf(
  node: AnyStateNode,
  active: ReadonlySet<AnyStateNode>,
  ended: Set<AnyStateNode>,
): Completion | undefined {
  if (node.type !== 'final') return undefined;
  const { parent } = node;
  const parallels: string[] = [];
  let around = parent?.type === 'parallel' ? parent : parent?.parent;
  let last = around ?? node;
  while (around?.type === 'parallel' && !ended.has(around) && hasEnded(around, active)) {
    ended.add(around);
    parallels.push(around.id);
    last = around;
    around = around.parent;
  }
  return {
    final: node,
    compound: parent?.type === 'compound' ? parent.id : undefined,
    parallels,
    root: around ? undefined : last,
  };
}
