/** Packages that Troupe does not bring along: each is loaded when it is first needed, and one that is not installed is named with the command that installs it. */
import { TroupeError } from './failure.ts';

/** The versions that are known to work, as `npm install` takes them in every shell: the same as `peerDependencies` of package.json. */
export const optionalPackages = {
  '@ai-sdk/anthropic': '3',
  '@ai-sdk/google': '3',
  '@ai-sdk/openai': '3',
  '@ai-sdk/openai-compatible': '2',
  '@langchain/core': '1',
  '@langchain/langgraph': '1',
  '@modelcontextprotocol/client': '2',
  '@modelcontextprotocol/server': '2',
  '@nats-io/jetstream': '3.3',
  '@nats-io/obj': '3.3',
  '@nats-io/transport-node': '3.3',
  '@hono/node-server': '2',
  '@openai/agents-core': '0.20',
  '@opentelemetry/api': '1',
  ai: '7',
  ajv: '8',
  'ajv-formats': '3',
  croner: '11',
  elkjs: '0.12',
  hono: '4',
  jmespath: '0.16',
  langchain: '1',
  libsql: '0.5',
  pino: '10',
  rolldown: '1',
  tsx: '4',
  yaml: '2',
} as const satisfies Record<string, string>;

/** The name of a package that Troupe works without. */
export type OptionalPackage = keyof typeof optionalPackages;

/** Loads what needs these packages. Rejects with `environment` when one is not installed; `needs` begins the sentence: `A NATS server needs`. */
export async function loadOptional<T>(
  packages: OptionalPackage | readonly OptionalPackage[],
  needs: string,
  load: () => Promise<T>,
): Promise<T> {
  const names = typeof packages === 'string' ? [packages] : packages;
  try {
    return await load();
  } catch (thrown) {
    if (names.some((name) => isMissing(name, thrown))) throw missingPackage(names, needs, thrown);
    throw thrown;
  }
}

/** The error for packages that are not installed. */
export function missingPackage(names: readonly OptionalPackage[], needs: string, cause?: unknown): TroupeError {
  const [noun, are] = names.length === 1 ? ['package', 'is'] : ['packages', 'are'];
  return new TroupeError(
    'environment',
    `${needs} the ${noun} ${names.join(', ')}, which ${are} not installed. Run: ${installLine(names)}`,
    { cause, data: { gone: true, packages: [...names] } },
  );
}

/** The command that installs packages, in the versions that are known to work. */
export const installLine = (names: readonly OptionalPackage[]): string =>
  `npm install ${names.map((name) => `${name}@${optionalPackages[name]}`).join(' ')}`;

/** Is it this package that is not there, and not one that it needs itself, or a file of ours? */
function isMissing(name: OptionalPackage, thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  if (thrown.code !== 'ERR_MODULE_NOT_FOUND' && thrown.code !== 'MODULE_NOT_FOUND') return false;
  return thrown.message.includes(`'${name}'`) || thrown.message.includes(`'${name}/`);
}
