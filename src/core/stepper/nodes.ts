/** How the states of a machine lie in each other, as XState looks at it. */
import type { AnyStateNode } from 'xstate';

/** Has it no states inside? */
export const isAtomic = ({ type }: AnyStateNode): boolean => type === 'atomic' || type === 'final';

/** The states directly inside, without history states. */
export const childNodes = (node: AnyStateNode): AnyStateNode[] =>
  (Object.values(node.states) as AnyStateNode[]).filter(({ type }) => type !== 'history');

/** The history states directly inside. */
export const historyNodes = (node: AnyStateNode): AnyStateNode[] =>
  (Object.values(node.states) as AnyStateNode[]).filter(({ type }) => type === 'history');

/** Is it inside the other one? Everything is inside of nothing. */
export function isInside(node: AnyStateNode, around: AnyStateNode | undefined): boolean {
  let outer = node;
  while (outer.parent && outer.parent !== around) outer = outer.parent;
  return outer.parent === around;
}

/** The states around it, from the inside out, up to but without `end`. */
export function ancestors(node: AnyStateNode, end?: AnyStateNode): AnyStateNode[] {
  const found: AnyStateNode[] = [];
  if (node === end) return found;
  for (let outer = node.parent; outer && outer !== end; outer = outer.parent) found.push(outer);
  return found;
}

/** Has the state ended, if these are the active ones? */
export function hasEnded(node: AnyStateNode, active: ReadonlySet<AnyStateNode>): boolean {
  if (node.type === 'compound') return childNodes(node).some((child) => child.type === 'final' && active.has(child));
  if (node.type === 'parallel') return childNodes(node).every((child) => hasEnded(child, active));
  return node.type === 'final';
}

/** The state, and those that are active with it at first. */
export function initialNodes(node: AnyStateNode, found = new Set<AnyStateNode>()): Set<AnyStateNode> {
  if (found.has(node)) return found;
  found.add(node);
  if (node.type === 'compound') initialNodes(firstOf(node), found);
  else if (node.type === 'parallel') for (const child of childNodes(node)) initialNodes(child, found);
  return found;
}

/** The state that a compound state starts with. XState refuses a compound state without one. */
export const firstOf = ({ initial }: AnyStateNode): AnyStateNode =>
  (initial.target as readonly AnyStateNode[])[0] as AnyStateNode;

/** Outermost first, and as the machine lists them. */
export const outermostFirst = (a: AnyStateNode, b: AnyStateNode): number => a.order - b.order;
/** The other way round. */
export const innermostFirst = (a: AnyStateNode, b: AnyStateNode): number => b.order - a.order;
