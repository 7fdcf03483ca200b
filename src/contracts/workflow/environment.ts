/** Variables of the environment, as files declare them. */

/** A variable of the environment that a workflow may read. */
export interface EnvironmentVariable {
  /** Its name in the environment and in `env.NAME`. */
  readonly name: string;
  /** Its value is never shown or stored. */
  readonly secret: boolean;
  /** Taken when the variable is not set; without one it must be set. */
  readonly default?: string;
}
