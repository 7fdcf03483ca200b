/** The names of the components. */
export const componentNames = ['orchestrator', 'runtime', 'gateway'] as const;
/** The name of a component. */
export type ComponentName = (typeof componentNames)[number];
