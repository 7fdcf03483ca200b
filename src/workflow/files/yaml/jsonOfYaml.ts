/** Turns parsed YAML into JSON: aliases are followed within limits, and keys and numbers that JSON or JavaScript would change are refused. */
import type { ParsedNode, Pair } from 'yaml';
import type { Json } from '../../../values/json.ts';
import { forbiddenKeys, yamlLimits } from './limits.ts';
import { yamlPackage } from './package.ts';

/** Why a text is refused, and where: an offset in it. */
export class YamlRefusal extends Error {
  readonly offset: number;
  /** What else is wrong. */
  readonly others: readonly YamlRefusal[];

  constructor(offset: number, message: string, others: readonly YamlRefusal[] = []) {
    super(message);
    this.offset = offset;
    this.others = others;
  }
}

/** What has been seen so far. Anchors are those of nodes before the current one, as YAML has it. */
interface Walk {
  readonly anchors: Map<string, ParsedNode>;
  /** The nodes around the current one: an alias to one of them has no end. */
  readonly around: Set<ParsedNode>;
  aliases: number;
  nodes: number;
  /** Keys and values that cannot be taken: the reading goes on, so that all are told. */
  readonly refused: YamlRefusal[];
  /** The alias of the file itself that is followed now: what is too much is too much there. */
  alias?: ParsedNode | undefined;
}

/** So many are told. */
const mostRefused = 100;

/** The JSON value of a node. Throws `YamlRefusal`, with all that is wrong unless a limit is passed. */
export function jsonOfYaml(node: ParsedNode): Json {
  const walk: Walk = { anchors: new Map(), around: new Set(), aliases: 0, nodes: 0, refused: [] };
  const value = valueOf(node, walk, 0);
  const [first, ...others] = walk.refused;
  if (first) throw new YamlRefusal(first.offset, first.message, others);
  return value;
}

function refuseOne(walk: Walk, refusal: YamlRefusal): void {
  // An alias tells again what its anchor has told.
  if (walk.refused.length < mostRefused && !walk.refused.some(({ offset }) => offset === refusal.offset))
    walk.refused.push(refusal);
}

function valueOf(node: ParsedNode, walk: Walk, depth: number): Json {
  const { isAlias, isMap, isScalar, isSeq } = yamlPackage();
  if (++walk.nodes > yamlLimits.nodes)
    throw refuse(
      walk.alias ?? node,
      `A file may have ${yamlLimits.nodes} values, each alias counted as what it stands for.`,
    );
  if (isAlias(node)) {
    const outer = walk.alias;
    walk.alias ??= node;
    const value = valueOf(target(node, walk), walk, depth);
    walk.alias = outer;
    return value;
  }
  if (node.anchor !== undefined) walk.anchors.set(node.anchor, node);
  if (isScalar(node)) return scalarValue(node, node.value, walk);
  if (depth >= yamlLimits.depth)
    throw refuse(node, `Maps and lists may be nested ${yamlLimits.depth} levels deep, and here it is deeper.`);
  walk.around.add(node);
  const value = isMap(node)
    ? mapValue(node.items, walk, depth)
    : isSeq(node)
      ? // The types of the package say that items may be pairs, too; only tags that are refused make them.
        (node.items as ParsedNode[]).map((item) => valueOf(item, walk, depth + 1))
      : null;
  walk.around.delete(node);
  return value;
}

function target(alias: ParsedNode & { source: string }, walk: Walk): ParsedNode {
  if (++walk.aliases > yamlLimits.aliases)
    throw refuse(walk.alias ?? alias, `A file may have ${yamlLimits.aliases} aliases.`);
  const found = walk.anchors.get(alias.source);
  if (!found) throw refuse(alias, `There is no anchor "&${alias.source}" before this alias.`);
  if (walk.around.has(found)) throw refuse(alias, `The alias "*${alias.source}" stands for a value that it is in.`);
  return found;
}

type MapItems = readonly Pair<ParsedNode, ParsedNode | null>[];

function mapValue(items: MapItems, walk: Walk, depth: number): Json {
  const own: Record<string, Json> = {};
  const merged: Json[] = [];
  if (items.length > yamlLimits.keys)
    throw refuse(items[yamlLimits.keys]?.key, `A map may have ${yamlLimits.keys} keys.`);
  for (const { key, value } of items) {
    const name = keyName(key);
    if (Object.hasOwn(own, name)) refuseOne(walk, refuse(key, `The key "${name.slice(0, 60)}" is in this map twice.`));
    const inner = value === null ? null : valueOf(value, walk, depth + 1);
    if (name === '<<') merged.push(...mergedMaps(inner, value ?? key));
    else own[name] = inner;
  }
  // What is merged does not replace what is there, and of several maps the first one counts.
  return merged.length === 0 ? own : Object.assign({}, ...merged.toReversed(), own);
}

function mergedMaps(value: Json, node: ParsedNode): Json[] {
  const maps = Array.isArray(value) ? (value as readonly Json[]) : [value];
  if (maps.every((map) => typeof map === 'object' && map !== null && !Array.isArray(map))) return [...maps];
  throw refuse(node, 'The key "<<" merges a map, or a list of maps.');
}

function keyName(key: ParsedNode): string {
  const { isScalar } = yamlPackage();
  if (!isScalar(key))
    throw bareTemplate(key) ?? refuse(key, 'A key is a text, and this one is a map, a list or an alias.');
  const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
  if (forbiddenKeys.includes(name)) throw refuse(key, `The key "${name}" is not allowed.`);
  return sound(name, key);
}

/** `{{ params.x }}` without quotes is a map whose key is a map. */
function bareTemplate(key: ParsedNode): YamlRefusal | undefined {
  const { isMap, isScalar } = yamlPackage();
  const [only, ...others] = isMap(key) ? key.items : [];
  if (!only || others.length > 0 || only.value !== null || !isScalar(only.key)) return undefined;
  const written = `"{{ ${String(only.key.value).slice(0, 80)} }}"`;
  return new YamlRefusal(key.range[0] - 1, `A template stands in quotes: ${written}.`);
}

/** Escapes in quotes can make what the text itself may not have. */
function sound(text: string, node: ParsedNode): string {
  if (!text.includes('\0') && text.isWellFormed()) return text;
  throw refuse(node, 'A text must not hold the character U+0000, nor half a character (a lone surrogate).');
}

function scalarValue(node: ParsedNode, value: unknown, walk: Walk): Json {
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    const written = String(value).slice(0, 40);
    refuseOne(walk, refuse(node, `The number ${written} is too large to be exact. Write it in quotes.`));
    return null;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuseOne(walk, refuse(node, 'A number must be finite.'));
    return value;
  }
  if (typeof value === 'string') return sound(value, node);
  if (value === null || typeof value === 'boolean') return value;
  throw refuse(node, 'A value is a text, a number, true, false or null.');
}

const refuse = (node: ParsedNode | undefined, message: string) => new YamlRefusal(node?.range[0] ?? 0, message);
