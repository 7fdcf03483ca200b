/** A hook for Node's module loader: the packages that pinned code imports are those that its source would get, wherever the pinned code is kept. */
import type { InitializeHook, ResolveHook } from 'node:module';
import { propertiesOf } from '../values/properties.ts';

/** Pinned code and where it came from, both as URLs. */
export interface PinnedOrigin {
  /** The folder of the pinned code, with a slash at its end. */
  readonly folder: string;
  /** The file that was deployed. It need not be there any more. */
  readonly source: string;
}

const origins: PinnedOrigin[] = [];

/** Node calls it once for each registration. */
export const initialize: InitializeHook<PinnedOrigin> = (origin) => void origins.push(origin);

/** Node calls it for every import. Packages are looked for beside the source, then beside the pinned code, and this package at last in itself. */
const resolvePinned: ResolveHook = async (specifier, context, nextResolve) => {
  const { parentURL } = context;
  const origin = origins.find(({ folder }) => parentURL?.startsWith(folder));
  if (!origin || /^(?:[./#]|[a-z-]+:)/i.test(specifier)) return nextResolve(specifier, context);
  const parents = [origin.source, parentURL, ...(/^troupe(?:\/|$)/.test(specifier) ? [import.meta.url] : [])];
  let first: unknown;
  for (const parent of parents) {
    try {
      return await nextResolve(specifier, { ...context, parentURL: parent });
    } catch (thrown) {
      if (propertiesOf(thrown)['code'] !== 'ERR_MODULE_NOT_FOUND') throw thrown;
      first ??= thrown;
    }
  }
  throw first;
};

// The name that Node looks for.
export { resolvePinned as resolve };
