/**
 * What `npm run build` ships: the sources, joined into a few files. Only files are joined; no code is replaced, shortened or added, and dependencies stay imports.
 * A file begins where the sources say `import()`, so that what a program does not use is not read. `tsc` writes the types beside them.
 */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

interface Entry {
  readonly 'troupe-source': string;
  readonly default: string;
}
const { exports, bin } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  readonly exports: Readonly<Record<string, Entry | string>>;
  readonly bin: Readonly<Record<string, string>>;
};

const nameOf = (file: string) => file.replace(/^\.?\/?dist\//, '').replace(/\.js$/, '');
const doors = Object.values(exports).flatMap((entry) =>
  typeof entry === 'string' ? [] : [[nameOf(entry.default), entry['troupe-source']] as const],
);
const commands = Object.values(bin).map((file) => [nameOf(file), `${nameOf(file)}.ts`] as const);

/**
 * What is loaded together is one file. Each group takes what its files import and no group before it has.
 * `values`, `core` and `charts` import no module of Node; `version` and `start` are all that `troupe --version` loads, `base` what the command line needs before it knows which command is called.
 */
const groups = [
  { name: 'version', test: /[\\/]src[\\/]runtime[\\/]version\.ts$/ },
  { name: 'start', test: /[\\/]src[\\/]cli[\\/](earlyExit|compileCache)\.ts$/ },
  { name: 'values', test: /[\\/]src[\\/](values[\\/]|contracts[\\/]flow[\\/]record\.ts$)/ },
  { name: 'core', test: /[\\/]src[\\/]core[\\/]index\.ts$/ },
  // The charts of workflows are loaded with the first workflow.
  { name: 'charts', test: /[\\/]machines[\\/](?!index\.ts|workflow[\\/])/ },
  {
    name: 'base',
    test: /[\\/]src[\\/](nats[\\/](options|packages)|engine[\\/](clock|processId)|observe[\\/](redactor|format|envSecrets|secretMask)|runtime[\\/]standing)\.ts$/,
  },
  { name: 'troupe', test: /[\\/]src[\\/]index\.ts$/ },
  { name: 'shared', test: /[\\/]src[\\/]journal[\\/]shared[\\/](shared|memoryStore)\.ts$/ },
  { name: 'testing', test: /[\\/]src[\\/]testing[\\/]index\.ts$/ },
  { name: 'sqlite', test: /[\\/]src[\\/]journal[\\/]sqlite[\\/]sqlite\.ts$/ },
  { name: 'nats', test: /[\\/]src[\\/](nats|transport[\\/]nats|journal[\\/]shared)[\\/]/ },
  { name: 'program', test: /[\\/]src[\\/]cli[\\/]program\.ts$/ },
];

export default defineConfig({
  input: {
    ...Object.fromEntries([...doors, ...commands]),
    // Node's module loader is given these by their names, beside the files that ask for them.
    'chunks/moduleFormat': 'src/cli/moduleFormat.ts',
    'chunks/pinnedImports': 'src/cli/pinnedImports.ts',
  },
  // Every package, and every module of Node; but not the compiler's own function for `using`.
  external: /^(?!@oxc-project\/runtime)[@a-z]/,
  platform: 'node',
  // The lowest Node of package.json, whose V8 does not know `using`.
  transform: { target: 'node20.19' },
  output: {
    dir: 'dist',
    format: 'esm',
    // Errors and profiles name our files and lines. The files themselves would be half of what is installed; they are in the repository.
    sourcemap: true,
    sourcemapExcludeSources: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Comments about types and reasons are in the sources, and in the declarations.
    comments: { jsdoc: false },
    codeSplitting: { groups },
  },
});
