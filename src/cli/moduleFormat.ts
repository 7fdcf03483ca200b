/** A hook for Node's module loader, for Node before 22.18: a .ts file with import or export statements is an ES module, whatever package.json says or does not say. */
import { readFile } from 'node:fs/promises';
import type { ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Node calls it for every import. Without it, tsx takes such a file for CommonJS, and `require` cannot load what the command has loaded already. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context);
  if (resolved.format === 'module' || !isTypeScript(resolved.url)) return resolved;
  // A file that cannot be read is reported by the loader, which knows who imports it.
  const source = await readFile(fileURLToPath(resolved.url), 'utf8').catch(() => '');
  return hasModuleSyntax(source) ? { ...resolved, format: 'module' } : resolved;
};

const isTypeScript = (url: string) =>
  url.startsWith('file:') && /\.c?ts$/.test(new URL(url).pathname) && !url.includes('/node_modules/');

/** Does the text have an import or export statement of ES modules? `export =` and `import x = require()` are CommonJS. */
export const hasModuleSyntax = (source: string): boolean =>
  /^\s*(import\s*["'{*]|import\s+(?!\w+\s*=)\w|export\s*[{*]|export\s+\w)/m.test(source);
