/** A definition with guardrails in front of it. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';

/** Something with guardrails in front of it. It is run, nested and called as what it guards. */
export interface Guarded<S> {
  readonly kind: 'guarded';
  /** The name of what it guards. */
  readonly name: string;
  /** What it guards. */
  readonly subject: S;
  /** In the order in which they check work. */
  readonly guardrails: readonly Guardrail[];
  /** True when what it guards answers with a body alone, as a team does. */
  readonly bare: boolean;
  /** The protocol of what it guards. */
  readonly protocol: S extends { readonly protocol: infer P } ? P : never;
  /** The messages that it takes: those of what it guards. */
  readonly handles: S extends { readonly handles: infer H } ? H : never;
  /** The name of the message in the guarded definition, when the team calls that message something else. */
  readonly takes?: string;
  /** The name of the answer in the team, when the guarded definition calls the answer something else. */
  readonly gives?: string;
  /** What it guards, by name. */
  readonly members: Readonly<Record<string, S>>;
}
