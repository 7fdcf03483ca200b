/** Finds the place of a syntax error in a JavaScript module: the error that `import()` throws does not say it on every Node. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Files that are checked at most, and milliseconds for each of them. */
const mostFiles = 100;
const longest = 10_000;

/** What `node --check` says about the first file with a mistake, of a module and the files of the same project that it imports: the error's text, which begins with `file:line`. Undefined when no file has one. */
export async function syntaxErrorIn(file: string): Promise<string | undefined> {
  const files = [file];
  for (const each of files) {
    const problem = await check(each);
    if (problem !== undefined) return problem;
    for (const imported of await importsOf(each))
      if (!files.includes(imported) && files.length < mostFiles) files.push(imported);
  }
  return undefined;
}

/** Compiles the file in another process, without running it. */
function check(file: string): Promise<string | undefined> {
  return new Promise((done) =>
    execFile(process.execPath, ['--check', file], { timeout: longest, env: {} }, (error, _, stderr) =>
      done(error && /SyntaxError/.test(stderr) ? stderr : undefined),
    ),
  );
}

const importing = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+\.[cm]?js)["']/g;

async function importsOf(file: string): Promise<string[]> {
  const source = await readFile(file, 'utf8').catch(() => '');
  return [...source.matchAll(importing)].map(([, specifier = '']) => resolve(dirname(file), specifier));
}
