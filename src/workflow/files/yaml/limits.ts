/** How large a YAML file may be: beyond these limits it is refused, whatever it means. */
export const yamlLimits = {
  /** Bytes of a file. */
  bytes: 1_000_000,
  /** How deep maps and lists may be nested. */
  depth: 64,
  /** Keys of one map. */
  keys: 5_000,
  /** Aliases (`*name`) in a file. */
  aliases: 100,
  /** Tokens of a file: values, signs, comments, spaces and ends of lines. */
  tokens: 150_000,
  /** Values in a file, with each alias counted as all that it stands for. */
  nodes: 100_000,
} as const;

/** Keys that would change the prototype of an object in JavaScript. */
export const forbiddenKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];
