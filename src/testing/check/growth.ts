/** Explains why an exploration did not end: the part of a context that took the most values. */
import type { StateGraph } from './explore.ts';

/** Names that part, in words; empty when no part took more than one value. */
export function fastestGrowing({ nodes }: StateGraph): { grows?: string } {
  const values = new Map<string, Set<string>>();
  for (const { world } of nodes)
    for (const { type, snapshot } of world.actors.values()) {
      const context: Readonly<Record<string, unknown>> = snapshot.context ?? {};
      for (const [key, value] of Object.entries(context)) {
        const name = `"${key}" in the context of "${type.chart.machine.id}"`;
        const known = values.get(name) ?? new Set();
        values.set(name, known.add(JSON.stringify(value) ?? ''));
      }
    }
  const [most] = [...values].sort(([, a], [, b]) => b.size - a.size);
  return most && most[1].size > 1 ? { grows: `${most[0]} (${most[1].size.toLocaleString('en')} values)` } : {};
}
