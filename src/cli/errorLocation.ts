/** Where in a user's files an error happened, as file:line:column, from an error of Node or of a compiler. */
import { fileURLToPath } from 'node:url';

interface ErrorDetails {
  stack?: string;
  message?: string;
  /** As esbuild reports them. */
  errors?: readonly { location?: { file: string; line: number; column: number } | null }[];
}

/** The location of an error; only `file` when the error does not say more. */
export function errorLocation(thrown: unknown, file: string): string {
  // Errors of Node and esbuild have this shape; every part is optional.
  const { stack = '', message = '', errors } = (thrown ?? {}) as ErrorDetails;
  const location = errors?.[0]?.location;
  if (location) return `${location.file}:${location.line}:${location.column + 1}`;
  return compilerLocation(message) ?? headerLocation(stack) ?? frameLocation(stack) ?? file;
}

/** `/a/b.ts:3:7: ERROR: …`, where the message itself begins with it; esbuild counts columns from 0. */
function compilerLocation(message: string): string | undefined {
  const [, path, line, column] = /^(\/[^\n:]+\.[cm]?[jt]s):(\d+):(\d+): ERROR/m.exec(message) ?? [];
  return path === undefined ? undefined : `${path}:${line}:${Number(column) + 1}`;
}

/** Node puts the file with its line before the stack of a syntax error, then the code, then a caret under the column. */
function headerLocation(stack: string): string | undefined {
  const [head = '', ...rest] = stack.split('\n');
  const [, path, line] = /^(.*\.[cm]?[jt]s):(\d+)$/.exec(head.trim()) ?? [];
  if (path === undefined) return undefined;
  const caret = rest.find((each) => /^\s*\^+\s*$/.test(each));
  return `${plain(path)}:${line}${caret === undefined ? '' : `:${caret.indexOf('^') + 1}`}`;
}

/** The first frame of the stack that is neither Node's nor a package's. */
function frameLocation(stack: string): string | undefined {
  for (const frame of stack.split('\n')) {
    const [, path, line, column] =
      /((?:file:\/\/|\/)[^\s()?]+\.[cm]?[jt]s)(?:\?[^\s:]*)?:(\d+):(\d+)/.exec(frame) ?? [];
    if (path !== undefined && !frame.includes('node_modules')) return `${plain(path)}:${line}:${column}`;
  }
  return undefined;
}

const plain = (path: string) => (path.startsWith('file:') ? fileURLToPath(path) : path);
