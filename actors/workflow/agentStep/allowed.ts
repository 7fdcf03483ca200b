/** Which tools of a server an agent may call, and which of them a person must agree to. */

/** Whether a pattern fits a name: the name itself, `prefix-*`, or `*`, which stands for anything. */
export const fitsPattern = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

/** Whether one of the patterns fits a name. */
export const isAllowedTool = (allow: readonly string[], name: string): boolean =>
  allow.some((pattern) => fitsPattern(pattern, name));
