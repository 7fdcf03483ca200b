/** The SQLite libraries that this Node has: on Node 20 libsql alone, from 22.13 on both. */
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];

export const drivers =
  major > 22 || (major === 22 && minor >= 13) ? (['node:sqlite', 'libsql'] as const) : (['libsql'] as const);
