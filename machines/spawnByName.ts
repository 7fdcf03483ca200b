/** Children that a chart starts by a name which only its settings know: members, delegates, guardrails. They are provided under that name. */

/** The part of XState's `enqueue` that starts a child. Its parameters are typed by the children that the chart itself names. */
interface Spawner {
  readonly spawnChild: (...args: never) => void;
}

/** Starts the machine that was provided as `source`. The engine refuses the step if there is none of that name. */
export function spawnByName({ spawnChild }: Spawner, source: string, id: string, input: object): void {
  // XState allows any name here at run time; its types allow those of the setup only.
  (spawnChild as (source: string, options: { id: string; input: object }) => void)(source, { id, input });
}
