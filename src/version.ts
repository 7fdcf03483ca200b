/** The version of this package, read from where it is installed. */
import { readFileSync } from 'node:fs';

export function version(): string {
  // One folder up from src, two from dist/src.
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string;
        version: string;
      };
      if (name === 'troupe') return found;
    } catch {
      // Not there; the other one is.
    }
  }
  return 'unknown';
}
