/** Loads a definition: a .ts or .js file whose default export is a team, an agent, a machine, a flow, or a function that returns one; agents in a .json file; or a workflow in YAML. */
import { readFile, stat } from 'node:fs/promises';
import { register as registerHook } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from '../values/json.ts';
import { loadOptional } from '../values/optional.ts';
import { propertiesOf } from '../values/properties.ts';
import { untilEnd } from './earlyExit.ts';
import { exitCodes, UsageError } from './exit.ts';
import { errorLocation } from './errorLocation.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';
import { hasModuleSyntax } from './moduleFormat.ts';
import { isWorkflowFile, loadWorkflowFile } from './workflowFile.ts';

const expected = 'a team, an agent, a machine(), a flow(), or a function that returns one of them';

/** Loads a file, or the index file of a folder; `settings` are for a function. Throws `UsageError` with the place of a mistake. */
export async function loadDefinition(cwd: string, path: string, settings: Json = {}): Promise<LoadedDefinition> {
  const file = await find(resolve(cwd, path), path);
  if (file.endsWith('.json')) return (await import('./agentsFile.ts')).loadAgentsFile(cwd, file, settings);
  if (isWorkflowFile(file)) return loadWorkflowFile(file, settings);
  const module = await explainExit(file, evaluate(file));
  if (!('default' in module)) {
    const names = Object.keys(module);
    const exports = names.length > 0 ? `it exports ${names.join(', ')}` : 'it exports nothing';
    throw new UsageError(
      `${file} has no default export; ${exports}. Expected ${expected}: export default team({ … }).`,
    );
  }
  const exported = module['default'];
  const isFunction = typeof exported === 'function';
  // A function of any kind: what it returns is checked.
  const subject = isFunction
    ? await explainExit(file, call(file, exported as (settings: unknown) => unknown, settings))
    : exported;
  const { isRunnable } = await import('../runtime/runtime.ts');
  if (isRunnable(subject)) return { file, subject, isFromFunction: isFunction, exports: module };
  throw new UsageError(
    `The default export of ${file} ${isFunction ? 'returned' : 'is'} ${kindOf(subject)}. Expected ${expected}.`,
  );
}

async function find(path: string, name: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UsageError(`There is no file ${name} (looked for ${path}).`);
  if (!found.isDirectory()) {
    if (/\.([cm]?[jt]s|json)$/.test(path) || isWorkflowFile(path)) return path;
    throw new UsageError(
      /\.ya?ml$/.test(path)
        ? `${name} is no workflow: the name of one ends with .workflow.yaml.`
        : `${name} is neither TypeScript nor JavaScript. Expected a .ts, .mts, .js or .mjs file, agents in a .json file, or a .workflow.yaml file.`,
    );
  }
  for (const index of ['index.ts', 'index.js']) {
    if (await stat(join(path, index)).catch(() => undefined)) return join(path, index);
  }
  throw new UsageError(`${name} is a folder without an index.ts or index.js. Name the file to run.`);
}

/** A file may end the process while it is loaded, or await something that never settles: then a message says so at exit. */
async function explainExit<T>(file: string, loading: Promise<T>): Promise<T> {
  using _ = untilEnd({
    says: ({ code, ranDry }) =>
      ranDry
        ? `${file} was never loaded: something it awaits at its top level does not end.`
        : `${file} ended the process while it was being loaded (exit code ${code}).`,
    code: exitCodes.usage,
  });
  return await loading;
}

async function evaluate(file: string): Promise<Record<string, unknown>> {
  if (/\.[cm]?ts$/.test(file) && !readsTypeScript && !process.execArgv.some((flag) => flag.includes('tsx')))
    await registerTsx(file);
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (thrown) {
    throw new UsageError(explain(file, await withPlace(file, thrown)), { cause: thrown });
  }
}

/** A syntax error with its place, which Node leaves out of those in ES modules. */
async function withPlace(file: string, thrown: unknown): Promise<unknown> {
  const unplaced = thrown instanceof SyntaxError && /\.m?js$/.test(file) && errorLocation(thrown, file) === file;
  const found = unplaced ? await (await import('./syntaxCheck.ts')).syntaxErrorIn(file) : undefined;
  return found === undefined
    ? thrown
    : Object.assign(new SyntaxError(thrown instanceof Error ? thrown.message : ''), { stack: found });
}

/** Does this Node read TypeScript itself? Node 22.18 and later do. */
export const readsTypeScript = Boolean(propertiesOf(process.features)['typescript']);

/** Node before 22.18 does not read TypeScript itself. */
async function registerTsx(file: string): Promise<void> {
  const source = await readFile(file, 'utf8');
  if (/^\s*(module\.exports\b|export\s*=)/m.test(source) && !hasModuleSyntax(source)) {
    throw new UsageError(
      `${file} is CommonJS in TypeScript, which Node ${process.versions.node} cannot load. Write it with import and export default, or use Node 22.18 or later.`,
    );
  }
  const { register } = await loadOptional(
    'tsx',
    `Node ${process.versions.node} does not read TypeScript itself, as Node 22.18 and later do; ${file} needs`,
    () => import('tsx/esm/api'),
  );
  register();
  // It is beside this file, where this is compiled (.js) and where it is not (.ts).
  registerHook(new URL(`moduleFormat${import.meta.url.slice(-3)}`, import.meta.url));
}

async function call(file: string, make: (settings: unknown) => unknown, settings: Json): Promise<unknown> {
  try {
    return await make(settings);
  } catch (thrown) {
    throw new UsageError(explain(file, thrown), { cause: thrown });
  }
}

/** Why a file could not be loaded: the place, the mistake, and what to do. */
function explain(file: string, thrown: unknown): string {
  const { code, message: given = thrown, name } = propertiesOf(thrown);
  const message = String(given);
  const location = errorLocation(thrown, file);
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return `${file} imports something that is not there: ${message}. Check the path (with its ending), or npm install the package.`;
  }
  if (name === 'ReferenceError' && message.includes('before initialization')) {
    return `${location}: ${message}. This happens when files import each other in a circle; move what both need into a third file.`;
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return `${location}: ${message}. Node reads TypeScript by removing types; write it without enums, namespaces and parameter properties.`;
  }
  if (message.startsWith('Cannot use import statement outside a module')) {
    return `${location}: ${message}. Set "type": "module" in its package.json, or name it .mts (.mjs for JavaScript).`;
  }
  if (name === 'SyntaxError' || name === 'TransformError' || code === 'ERR_INVALID_TYPESCRIPT_SYNTAX')
    return `${location}: ${syntaxOf(message)}`;
  return `${location}: ${message}`;
}

/** The compiler's message without the excerpt of code around it. */
const syntaxOf = (message: string): string =>
  /ERROR: (.*)/.exec(message)?.[1] ?? message.split('\n').find((line) => line.trim() !== '') ?? message;

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  const config = 'config' in value && 'implementations' in value;
  return config
    ? 'a bare XState machine; wrap it: export default machine(yours)'
    : `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no properties'}${'kind' in value ? ', written by hand' : ''}`;
}
