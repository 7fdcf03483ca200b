/** Sources that are open only while some actor holds them. */
import type { ToolSource } from '../contracts/tool.ts';
import { catalog, type Catalog } from './catalog.ts';

export interface Held extends Catalog {
  hold(actor: string): void;
  /** The last one to let go lets the sources rest. */
  release(actor: string): Promise<void>;
}

export function held(sources: readonly ToolSource[]): Held {
  const holders = new Set<string>();
  return Object.assign(catalog(sources), {
    hold: (actor: string) => void holders.add(actor),
    async release(actor: string) {
      holders.delete(actor);
      if (holders.size === 0) await Promise.all(sources.map(async (source) => source.rest?.()));
    },
  });
}
