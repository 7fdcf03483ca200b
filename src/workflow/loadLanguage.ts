/** The packages that the language of workflows stands on. They are optional: they are loaded once, at an asynchronous door, and the language is synchronous afterwards. */
import type { Ajv as Draft07, Options } from 'ajv';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { FormatsPlugin } from 'ajv-formats';
import { TroupeError } from '../values/failure.ts';
import { loadOptional } from '../values/optional.ts';
import { loopTurn } from './loopTurn.ts';
import { workflowPackages } from './packages.ts';

/** What is used of the packages. */
export interface LanguagePackages {
  /** The syntax tree of a JMESPath expression; throws for one that cannot be read. */
  readonly compile: (expression: string) => unknown;
  /** The tokens of a JMESPath expression, each with its place. */
  readonly tokenize: (expression: string) => unknown;
  readonly Draft07: new (options: Options) => Draft07;
  readonly Draft2020: new (options: Options) => Ajv2020;
  readonly addFormats: FormatsPlugin;
}

let loaded: LanguagePackages | undefined;

/** Loads the packages of the language; does nothing when they are loaded. Rejects with `environment` when one is not installed. */
export async function loadLanguage(): Promise<void> {
  loaded ??= await loadOptional(workflowPackages, 'A YAML workflow needs', load);
}

/** The packages. Throws `internal` when `loadLanguage()` was not awaited. */
export function languagePackages(): LanguagePackages {
  if (!loaded)
    throw new TroupeError(
      'internal',
      'The language of workflows is not loaded. Await loadLanguage() before it is used.',
    );
  return loaded;
}

async function load(): Promise<LanguagePackages> {
  // One after the other, and first half of what `ajv` loads: all of it in one turn keeps the event loop waiting.
  await import('ajv/dist/core.js');
  await loopTurn();
  const draft07 = await import('ajv');
  await loopTurn();
  const draft2020 = await import('ajv/dist/2020.js');
  await loopTurn();
  const formats = await import('ajv-formats');
  const jmespath = await import('jmespath');
  // The types of the package leave out `compile` and `tokenize`.
  const { compile, tokenize } = jmespath.default as unknown as Pick<LanguagePackages, 'compile' | 'tokenize'>;
  return {
    compile,
    tokenize,
    Draft07: draft07.Ajv,
    Draft2020: draft2020.Ajv2020,
    addFormats: formats.default.default,
  };
}
