/** Finds a value in parsed YAML again, by its path. */
import type { ParsedNode } from 'yaml';
import { yamlPackage } from './package.ts';

/** The offset of the value at a path, or of its key; of the nearest value around it when it is not there. */
export function locate(top: ParsedNode | null, path: readonly PropertyKey[], what: 'key' | 'value' = 'value'): number {
  const { isMap, isScalar, isSeq } = yamlPackage();
  let node = top;
  let offset = top?.range[0] ?? 0;
  for (const [at, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && (key.value === part || key.source === part));
      if (!pair) return offset;
      const asKey = pair.value === null || (what === 'key' && at === path.length - 1);
      offset = asKey ? pair.key.range[0] : (pair.value?.range[0] ?? offset);
      node = pair.value;
    } else if (isSeq(node)) {
      // Items that are pairs come only from tags that are refused.
      const item = node.items[Number(part)] as ParsedNode | undefined;
      if (!item) return offset;
      offset = item.range[0];
      node = item;
    } else return offset;
  }
  return offset;
}
