/** Where in a user's files an error happened, as file:line:column, from whatever Node or a compiler says about it. */
import { fileURLToPath } from 'node:url';

interface Located {
  stack?: string;
  message?: string;
  /** As esbuild tells it. */
  errors?: readonly { location?: { file: string; line: number; column: number } | null }[];
}

export function placeOf(thrown: unknown, file: string): string {
  const { stack = '', message = '', errors } = (thrown ?? {}) as Located;
  const told = errors?.[0]?.location;
  if (told) return `${told.file}:${told.line}:${told.column + 1}`;
  return compilerPlace(message) ?? headPlace(stack) ?? framePlace(stack) ?? file;
}

/** `/a/b.ts:3:7: ERROR: …`, where the message itself begins with it; esbuild counts columns from nought. */
function compilerPlace(message: string): string | undefined {
  const [, path, line, column] = /^(\/[^\n:]+\.[cm]?[jt]s):(\d+):(\d+): ERROR/m.exec(message) ?? [];
  return path === undefined ? undefined : `${path}:${line}:${Number(column) + 1}`;
}

/** Before a syntax error's stack Node prints the file with its line, then the code, then a caret under the column. */
function headPlace(stack: string): string | undefined {
  const [head = '', ...rest] = stack.split('\n');
  const found = /^(.*\.[cm]?[jt]s):(\d+)$/.exec(head.trim());
  if (!found) return undefined;
  const caret = rest.find((line) => /^\s*\^+\s*$/.test(line));
  return `${plain(found[1]!)}:${found[2]}${caret === undefined ? '' : `:${caret.indexOf('^') + 1}`}`;
}

/** The first frame of the stack that is neither Node's nor a package's. */
function framePlace(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const found = /((?:file:\/\/|\/)[^\s()?]+\.[cm]?[jt]s)(?:\?[^\s:]*)?:(\d+):(\d+)/.exec(line);
    if (found && !line.includes('node_modules')) return `${plain(found[1]!)}:${found[2]}:${found[3]}`;
  }
  return undefined;
}

const plain = (path: string) => (path.startsWith('file:') ? fileURLToPath(path) : path);
