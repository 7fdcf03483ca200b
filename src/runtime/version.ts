/** The version of this package, read from its package.json. */
const { readFileSync } = process.getBuiltinModule('node:fs');

/** The version, such as `0.1.0`; `unknown` when there is no package.json. */
export function version(): string {
  // The sources are one or two folders below package.json, and one deeper in dist.
  for (const up of ['../package.json', '../../package.json', '../../../package.json']) {
    try {
      const { name, version: found }: { name?: string; version: string } = JSON.parse(
        readFileSync(new URL(up, import.meta.url), 'utf8'),
      );
      if (name === 'troupe') return found;
    } catch {
      // Not there; the other one is.
    }
  }
  return 'unknown';
}
