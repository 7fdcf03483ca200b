/** Reference-counted sources of tools: they are open only while an actor holds them. */
import type { ToolSource } from '../contracts/tool.ts';
import { catalog, type Catalog } from './catalog.ts';

/** A catalog whose sources are closed when no actor holds them. */
export interface RefCounted extends Catalog {
  /** Holds the sources for an actor. */
  hold(actor: string): void;
  /** Releases them. After the last release the sources close until they are needed again. */
  release(actor: string): Promise<void>;
}

/** A catalog of these sources, reference-counted by actor. */
export function refCounted(sources: readonly ToolSource[]): RefCounted {
  const holders = new Set<string>();
  return Object.assign(catalog(sources), {
    hold: (actor: string) => void holders.add(actor),
    async release(actor: string) {
      holders.delete(actor);
      if (holders.size === 0) await Promise.all(sources.map(async (source) => source.closeIdle?.()));
    },
  });
}
