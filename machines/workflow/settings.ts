/** The bounds of a workflow. */

/** Settings of the chart of a workflow; times are milliseconds. */
export interface WorkflowSettings {
  /** How long the whole workflow may take. */
  readonly deadline: number;
  /** How long the steps under way have to stop when it ends early. */
  readonly grace: number;
}

/** A week for the whole, ten seconds to stop. */
export const defaultWorkflowSettings: WorkflowSettings = { deadline: 7 * 24 * 60 * 60_000, grace: 10_000 };
