/** The modules of a build that rows use, by path: a row can measure this checkout, or another one with the same driver. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Modules {
  'src/index': typeof import('../../src/index.ts');
  'machines/index': typeof import('../../machines/index.ts');
  'src/contracts/protocol': typeof import('../../src/contracts/protocol.ts');
  'src/doors/http/serve/components': typeof import('../../src/doors/http/serve/components.ts');
  'src/engine/clock': typeof import('../../src/engine/clock.ts');
  'src/engine/host': typeof import('../../src/engine/host.ts');
  'src/engine/nodePlatform': typeof import('../../src/engine/nodePlatform.ts');
  'src/engine/ref': typeof import('../../src/engine/ref.ts');
  'src/journal/memory/memory': typeof import('../../src/journal/memory/memory.ts');
  'src/journal/shared/jetstream/open': typeof import('../../src/journal/shared/jetstream/open.ts');
  'src/journal/sqlite/driver': typeof import('../../src/journal/sqlite/driver.ts');
  'src/nats/connection': typeof import('../../src/nats/connection.ts');
  'src/workflow/files/project/project': typeof import('../../src/workflow/files/project/project.ts');
  'src/workflow/files/report/validate': typeof import('../../src/workflow/files/report/validate.ts');
  'src/testing/clock': typeof import('../../src/testing/clock.ts');
  'src/transport/inProcess': typeof import('../../src/transport/inProcess.ts');
  'src/transport/nats/nats': typeof import('../../src/transport/nats/nats.ts');
}

export type Load = <P extends keyof Modules>(path: P) => Promise<Modules[P]>;

/** The modules in a folder: compiled ones, or the sources where they can be imported. */
export const modulesIn =
  (folder: string, extension: '.js' | '.ts' = '.js'): Load =>
  async (path) =>
    // What is imported is what the path says; a build with another layout fails where it is used.
    (await import(pathToFileURL(join(folder, path + extension)).href)) as never;

/** The front door as it is packaged: what a whole process needs is said by what users import, not by hundreds of modules of their own. */
export const packaged = async ({ shipped }: { readonly shipped: string }): Promise<Modules['src/index']> =>
  // `shipped` is the front door of a build.
  (await import(pathToFileURL(shipped).href)) as Modules['src/index'];
