/** The SQLite libraries available in this version of Node: libsql alone on Node 20, both from 22.13. */
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];

export const drivers =
  major > 22 || (major === 22 && minor >= 13) ? (['node:sqlite', 'libsql'] as const) : (['libsql'] as const);
