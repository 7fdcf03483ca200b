/** The bounds of a flow. */

/** Settings of the chart of a flow; times are milliseconds. */
export interface FlowSettings {
  /** How long calls and child flows under way have to stop when it ends early. */
  readonly grace: number;
  /** How long it may take from its start; without end when absent. */
  readonly deadline?: number;
}

/** Ten seconds to stop, and no deadline. */
export const defaultFlowSettings: FlowSettings = { grace: 10_000 };
