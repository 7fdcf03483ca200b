/** Reads the public declarations of the package from its sources: the exports of every entry, the fields of their types, and those without a doc comment. */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { parseSync, type ESTree } from 'rolldown/utils';

const root = resolve(import.meta.dirname, '../..');

/** The source file behind each entry of `exports`, by the entry's name: `./testing` is `src/testing/index.ts`. */
export function entries(): Readonly<Record<string, string>> {
  const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { 'troupe-source': string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([entry, target]) =>
      typeof target === 'string' ? [] : [[entry, relative(root, resolve(root, target['troupe-source']))]],
    ),
  );
}

/** A top-level name of a file. */
interface Declared {
  readonly file: Source;
  readonly name: string;
}

/** A name may have several declarations: a schema and its type, the overloads of a function. */
interface Source {
  readonly path: string;
  readonly text: string;
  /** Where a doc comment ends: the code after it is documented. */
  readonly documented: ReadonlySet<number>;
  readonly declarations: ReadonlyMap<string, readonly ESTree.Node[]>;
  /** Imported names, with their name in the other file, and that file. */
  readonly imports: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
  readonly exports: ReadonlyMap<string, { readonly from?: string; readonly name: string }>;
  /** Files whose exports are all exported again. */
  readonly stars: readonly string[];
}

const sources = new Map<string, Source>();

function sourceOf(path: string): Source {
  const known = sources.get(path);
  if (known) return known;
  const text = readFileSync(resolve(root, path), 'utf8');
  const { program, comments } = parseSync(path, text);
  const documented = new Set(
    comments
      .filter(({ type, value }) => type === 'Block' && value.startsWith('*') && /\p{L}/u.test(value))
      .map(({ end }) => end + (/^\s*/.exec(text.slice(end))?.[0].length ?? 0)),
  );
  const declarations = new Map<string, ESTree.Node[]>();
  const imports = new Map<string, { from: string; name: string }>();
  const exports = new Map<string, { from?: string; name: string }>();
  const stars: string[] = [];
  const at = (specifier: string) => relative(root, resolve(root, dirname(path), specifier));
  /** `whole` begins where the doc comment of the declaration ends: at `export`, if it has that word. */
  const declare = (whole: ESTree.Node, declaration: ESTree.Node, exported: boolean) => {
    for (const name of namesOf(declaration)) {
      declarations.set(name, [...(declarations.get(name) ?? []), declaration]);
      if (exported) exports.set(name, { name });
      if (documented.has(whole.start)) documented.add(declaration.start);
    }
  };
  for (const statement of program.body) {
    switch (statement.type) {
      case 'ImportDeclaration':
        if (statement.source.value.startsWith('.'))
          for (const specifier of statement.specifiers)
            if (specifier.type === 'ImportSpecifier')
              imports.set(specifier.local.name, { from: at(statement.source.value), name: wordOf(specifier.imported) });
        break;
      case 'ExportAllDeclaration':
        stars.push(at(statement.source.value));
        break;
      case 'ExportNamedDeclaration':
        if (statement.declaration) declare(statement, statement.declaration, true);
        for (const { local, exported } of statement.specifiers)
          exports.set(wordOf(exported), {
            name: wordOf(local),
            ...(statement.source ? { from: at(statement.source.value) } : {}),
          });
        break;
      default:
        declare(statement, statement, false);
    }
  }
  const source = { path, text, documented, declarations, imports, exports, stars };
  sources.set(path, source);
  return source;
}

const wordOf = (name: ESTree.ModuleExportName): string => (name.type === 'Literal' ? name.value : name.name);

function namesOf(declaration: ESTree.Node): string[] {
  switch (declaration.type) {
    case 'VariableDeclaration':
      return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return declaration.id ? [declaration.id.name] : [];
    default:
      return [];
  }
}

/** Where a name that is exported by a file is declared. Undefined when that is another package. */
function exported(file: Source, name: string): Declared | undefined {
  const own = file.exports.get(name);
  if (own) return own.from === undefined ? known(file, own.name) : inFile(own.from, own.name);
  return file.stars.map((star) => exported(sourceOf(star), name)).find((found) => found !== undefined);
}
const inFile = (path: string, name: string) =>
  path.startsWith('..') || !path.endsWith('.ts') ? undefined : exported(sourceOf(path), name);

/** Where a name that is used in a file is declared. Undefined when that is another package, or inside a declaration. */
function known(file: Source, name: string): Declared | undefined {
  if (file.declarations.has(name)) return { file, name };
  const imported = file.imports.get(name);
  return imported && inFile(imported.from, imported.name);
}

export const exportsOf = (path: string): string[] => {
  const { exports, stars } = sourceOf(path);
  return [...exports.keys(), ...stars.flatMap(exportsOf)];
};

/** Everything without a doc comment that is public by an entry: `src/agent.ts: AgentOptions.name`. */
export function undocumented(entry: string): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = ({ file, name }: Declared): void => {
    const place = `${file.path}: ${name}`;
    if (seen.has(place)) return;
    seen.add(place);
    const parts = visibleOf(file.declarations.get(name) ?? []);
    const isSeen = file.exports.has(name) || parts.some(({ type }) => type.startsWith('Function'));
    if (isSeen && !parts.some(({ start }) => file.documented.has(start))) found.add(place);
    for (const part of parts) {
      const { fields, uses } = shapeOf(part, name);
      for (const { start, name: field } of fields) if (!file.documented.has(start)) found.add(`${place}.${field}`);
      for (const used of uses) {
        const declared = known(file, used);
        if (declared) visit(declared);
      }
    }
  };
  for (const name of exportsOf(entry)) {
    const declared = exported(sourceOf(entry), name);
    if (declared) visit(declared);
  }
  return [...found].sort();
}

/** Of a function with overloads only the overloads are public. */
const visibleOf = (parts: readonly ESTree.Node[]): readonly ESTree.Node[] => {
  const overloads = parts.filter(({ type }) => type === 'TSDeclareFunction');
  return overloads.length > 0 ? overloads : parts;
};

interface Shape {
  readonly fields: readonly { readonly start: number; readonly name: string }[];
  /** Names of the types and schemas that it is made of. */
  readonly uses: readonly string[];
}

/** The fields of a declaration and the names in its types. The body of a function is not a part of its declaration. */
function shapeOf(declaration: ESTree.Node, name: string): Shape {
  const fields: { start: number; name: string }[] = [];
  const uses = new Set<string>();
  /** A field whose type is a single literal identifies its object, and needs no doc comment. */
  const field = (start: number, key: ESTree.Node, tells: boolean) => {
    const word = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
    if (word !== undefined && !tells) fields.push({ start, name: word });
  };
  const walk = (node: ESTree.Node): void => {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'TSDeclareFunction':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        walkFunction(node);
        return;
      case 'VariableDeclarator':
        if (node.id.type !== 'Identifier' || node.id.name !== name) return;
        // Its declared type, or its initial value.
        if (node.id.typeAnnotation) walk(node.id.typeAnnotation);
        else if (node.init) walk(node.init);
        return;
      case 'TSPropertySignature':
        field(node.start, node.key, isLiteral(node.typeAnnotation?.typeAnnotation));
        break;
      case 'PropertyDefinition':
      case 'MethodDefinition':
        if (node.accessibility === 'private' || node.key.type === 'PrivateIdentifier' || node.override) return;
        if (node.type !== 'MethodDefinition' || node.kind !== 'constructor') field(node.start, node.key, false);
        if (node.type === 'PropertyDefinition') {
          if (node.typeAnnotation) walk(node.typeAnnotation);
          return;
        }
        break;
      case 'CallExpression': {
        // Only calls that make a schema contain fields.
        const { callee } = node;
        const method =
          callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
        if (callee.type === 'MemberExpression') walk(callee.object);
        for (const shape of schemasIn(method, node.arguments)) walkSchema(shape);
        return;
      }
      case 'TSSatisfiesExpression':
        walk(node.expression);
        return;
      case 'TSConditionalType':
        // The type after `extends` in a condition is not public.
        for (const part of [node.checkType, node.trueType, node.falseType]) walk(part);
        return;
      case 'TSMethodSignature':
        field(node.start, node.key, false);
        walkFunction(node);
        return;
      case 'TSFunctionType':
        walkFunction(node);
        return;
      case 'Identifier':
        uses.add(node.name);
        break;
      case 'TSQualifiedName':
        walk(node.left);
        return;
      default:
    }
    for (const child of childrenOf(node)) walk(child);
  };
  /** The doc comment of a function describes its result: fields in its return type need none. */
  const walkFunction = ({
    typeParameters,
    params,
    returnType,
  }: Pick<ESTree.Function, 'typeParameters' | 'params' | 'returnType'>) => {
    for (const part of [typeParameters, ...params]) if (part) walk(part);
    const before = fields.length;
    if (returnType) walk(returnType);
    fields.length = before;
  };
  const walkSchema = (node: ESTree.Node): void => {
    switch (node.type) {
      case 'ObjectExpression':
        for (const property of node.properties) {
          if (property.type !== 'Property') walk(property.argument);
          else {
            field(property.start, property.key, isLiteralSchema(property.value));
            walk(property.value);
          }
        }
        return;
      case 'ArrayExpression':
        for (const element of node.elements) if (element) walkSchema(element);
        return;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return;
      default:
        walk(node);
    }
  };
  walk(declaration);
  return { fields, uses: [...uses] };
}

/** The arguments of a call that contain fields of its schema. */
const schemasIn = (method: string, args: readonly ESTree.Node[]): readonly ESTree.Node[] => {
  if (method === 'discriminatedUnion') return args.slice(1, 2);
  if (method === 'intersection') return args;
  return /^(?:object|strictObject|looseObject|extend|array|union|optional|or|and)$/.test(method)
    ? args.slice(0, 1)
    : [];
};

const isLiteral = (type: ESTree.Node | null | undefined): boolean => type?.type === 'TSLiteralType';
const isLiteralSchema = (value: ESTree.Node): boolean =>
  value.type === 'CallExpression' &&
  value.callee.type === 'MemberExpression' &&
  value.callee.property.type === 'Identifier' &&
  value.callee.property.name === 'literal';

/** Names of properties are not names of types. */
const childrenOf = (node: ESTree.Node): ESTree.Node[] =>
  Object.entries(node).flatMap(([key, child]: [string, unknown]) =>
    key === 'key' || key === 'property' ? [] : (Array.isArray(child) ? child : [child]).filter(isNode),
  );
const isNode = (value: unknown): value is ESTree.Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value;
