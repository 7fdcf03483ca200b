/** Reads what a TypeScript file imports: static, re-exported, dynamic, over several lines. Data for `architecture.test.ts`. */

export interface Import {
  /** The specifier as written; undefined when it is computed at run time. */
  readonly to: string | undefined;
  /** Gone after compilation: `import type`, `export type … from`. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

/** Clauses may span lines and hold no quotes, so the first quoted word after `from` is the specifier. */
const fromClause =
  /(?<=^|;[ \t]*)(?:import|export)\s+(type\s+(?!from\b))?(?:[\w$]+\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}'"`]*\})?\s*from\s*['"]([^'"]+)['"]/gm;
const bare = /(?<=^|;[ \t]*)import\s*['"]([^'"]+)['"]/gm;
const call =
  /(?:(?<![.\w$])(?:import|require)|\bgetBuiltinModule)\s*\(\s*(['"`])([^'"`]*)\1|(?<![.\w$])import\s*\(\s*[^'"`\s)]/g;

/** The source without its comments. */
export const codeOf = (source: string): string =>
  source
    .replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '') // comments that begin a line
    .replace(/(^|[;{}),\s])\/\/.*$/gm, '$1');

export function importsOf(source: string): Import[] {
  const code = codeOf(source);
  return [
    ...[...code.matchAll(fromClause)].map(([, type, to]) => ({ to, typeOnly: Boolean(type), dynamic: false })),
    ...[...code.matchAll(bare)].map(([, to]) => ({ to, typeOnly: false, dynamic: false })),
    ...[...code.matchAll(call)].map(([, , to]) => ({
      to: to?.includes('${') ? undefined : to,
      typeOnly: false,
      dynamic: true,
    })),
  ];
}

const declaration =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type) ([\w$]+)/gm;

/** The names that a file declares and exports, each once: a schema and its type share one, overloads too. Names that it passes on from other files are not among them. */
export const exportsOf = (source: string): string[] => [
  ...new Set([...codeOf(source).matchAll(declaration)].map(([, name]) => name!)),
];

/** `@scope/name/deep` and `name/deep` without the path into the package; `node:sqlite` stays as it is. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Every circle in a graph, each named once by the way round it. */
export function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) return void found.push([...path.slice(at), file].join(' -> '));
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
