/** The configuration file of a project: `troupe.config.ts`, `.yaml` or `.json`, or `troupe` in package.json; the nearest one, from a folder upwards. */
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorMessage } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject, type Json } from '../values/json.ts';
import { loadOptional } from '../values/optional.ts';
import { decodeUtf8 } from '../values/utf8.ts';
import { parseConfiguration, type RunDefaults } from './configuration.ts';

const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');

/** What a file says, and where it is. */
export interface ConfigurationFile {
  readonly path: string;
  readonly configuration: RunDefaults;
}

/** A way to write it: what a file of that name says, undefined when it says nothing about this project. `text` throws `invalid` for one that is not UTF-8. */
type Reader = (path: string, text: () => string) => unknown;

const readers: Readonly<Record<string, Reader>> = {
  'troupe.config.ts': exportedBy,
  'troupe.config.js': exportedBy,
  'troupe.config.mjs': exportedBy,
  'troupe.config.yaml': async (_, text) => (await yaml()).parse(text()) as unknown,
  'troupe.config.json': (_, text) => JSON.parse(text()) as unknown,
  'package.json'(_, text) {
    const content = JSON.parse(text()) as Json;
    return isJsonObject(content) ? content['troupe'] : undefined;
  },
};

const yaml = () => loadOptional('yaml', 'A configuration in YAML needs', () => import('yaml'));

/** The nearest file; undefined when there is none. Rejects with `invalid` for one that cannot be read, with its path. */
export async function nearestConfiguration(folder: string): Promise<ConfigurationFile | undefined> {
  for (const [name, read] of Object.entries(readers)) {
    const path = join(folder, name);
    // Most files that are looked for are not there, and to fail to open one takes fifty times as long.
    if (!existsSync(path)) continue;
    const bytes = bytesOf(path);
    if (bytes === undefined) continue;
    const given = await readBy(read, path, () => decodeUtf8(bytes, path));
    if (given !== undefined && given !== null) return { path, configuration: parseConfiguration(path, given) };
  }
  const above = dirname(folder);
  return above === folder ? undefined : nearestConfiguration(above);
}

/** Undefined when it cannot be read. */
function bytesOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

async function readBy(read: Reader, path: string, text: () => string): Promise<unknown> {
  try {
    return await read(path, text);
  } catch (cause) {
    // A package.json that is broken is not for us to report.
    if (path.endsWith('package.json')) return undefined;
    if (cause instanceof TroupeError) throw cause;
    const hint = path.endsWith('.ts') ? ' Where Node does not read TypeScript, write troupe.config.json.' : '';
    throw new TroupeError('invalid', `${path} cannot be read: ${errorMessage(cause)}.${hint}`, { cause });
  }
}

/** The default export of a module. */
async function exportedBy(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  if (module.default !== undefined) return module.default;
  throw new TroupeError('invalid', `${path} has no default export. Expected: export default { retries: 2 }.`);
}
