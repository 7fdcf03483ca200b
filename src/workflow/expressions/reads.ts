/** What an expression reads, found without evaluating it. */
import type { ExpressionNode } from './node.ts';

/** The names from the top of the data to what is read, at most three; with none, everything is read. */
export type ReadPath = readonly string[];

/** How many names of a path are kept: a namespace, a name in it, and a field of that. */
const pathLength = 3;

/** Every path that an expression may read. A path that is not known beforehand is cut where it is not. */
export function readsOf(tree: ExpressionNode): readonly ReadPath[] {
  const reads: ReadPath[] = [];
  const end = (path: ReadPath | undefined): void => {
    if (path) reads.push(path.slice(0, pathLength));
  };
  /** The path of a node's value, where it is a part of the data; undefined where it is an element or something new. */
  const walk = (node: ExpressionNode, at: ReadPath | undefined): ReadPath | undefined => {
    const whole = (inner: ExpressionNode, on: ReadPath | undefined): void => end(walk(inner, on));
    switch (node.is) {
      case 'current':
        return at;
      case 'field':
        return at && [...at, node.name];
      case 'index':
      case 'slice':
        end(at);
        return undefined;
      case 'literal':
        return undefined;
      case 'chain':
        return walk(node.right, walk(node.left, at));
      case 'list projection':
      case 'value projection':
        whole(node.left, at);
        whole(node.right, undefined);
        return undefined;
      case 'filter':
        whole(node.left, at);
        whole(node.right, undefined);
        whole(node.test, undefined);
        return undefined;
      case 'compare':
      case 'and':
      case 'or':
        whole(node.left, at);
        whole(node.right, at);
        return undefined;
      case 'flatten':
      case 'not':
        whole(node.of, at);
        return undefined;
      case 'expression':
        // It is evaluated on elements of another argument, which is read as a whole.
        whole(node.of, undefined);
        return undefined;
      case 'list':
        node.items.forEach((item) => whole(item, at));
        return undefined;
      case 'object':
        node.fields.forEach(([, value]) => whole(value, at));
        return undefined;
      case 'call':
        node.args.forEach((arg) => whole(arg, at));
        return undefined;
    }
  };
  end(walk(tree, []));
  return reads;
}

/** The first name that an expression reads, from left to right; undefined when it begins with none. */
export function firstName(node: ExpressionNode): string | undefined {
  switch (node.is) {
    case 'field':
      return node.name;
    case 'chain':
    case 'list projection':
    case 'value projection':
    case 'filter':
    case 'compare':
    case 'and':
    case 'or':
      return firstName(node.left);
    case 'flatten':
    case 'not':
    case 'expression':
      return firstName(node.of);
    case 'list':
      return node.items[0] && firstName(node.items[0]);
    case 'object':
      return node.fields[0] && firstName(node.fields[0][1]);
    case 'call':
      return node.args[0] && firstName(node.args[0]);
    case 'current':
    case 'index':
    case 'slice':
    case 'literal':
      return undefined;
  }
}
