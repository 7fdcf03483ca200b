/** The variables of the environment that a workflow reads, and their values. */
import type { EnvironmentVariable } from '../../../contracts/workflow/environment.ts';
import type { SecretSource } from '../../../contracts/workflow/values.ts';
import type { WorkflowSource } from '../schema/workflow.ts';
import { foundTexts } from '../language.ts';

/** Values of variables, by name. */
export type EnvironmentValues = Readonly<Record<string, string | undefined>>;

/** The older spelling of a variable. */
export const legacyVariable = /^env:([A-Za-z_]\w*)$/;

/** The variables that a workflow declares. */
export const declaredVariables = (source: WorkflowSource): EnvironmentVariable[] =>
  (source.env ?? []).map(({ name, secret, default: fallback }) => ({
    name,
    secret: secret ?? false,
    ...(fallback != null && { default: String(fallback) }),
  }));

/** The declared variables, and those that are only written as `env:NAME`, which older projects need not declare: they are not secret. */
export function allVariables(source: WorkflowSource): EnvironmentVariable[] {
  const declared = declaredVariables(source);
  const names = new Set(declared.map(({ name }) => name));
  const legacy = new Set(
    foundTexts([source.pipeline, source.invoke]).flatMap(({ text }) => legacyVariable.exec(text)?.[1] ?? []),
  );
  return [...declared, ...[...legacy].filter((name) => !names.has(name)).map((name) => ({ name, secret: false }))];
}

/** The value of a variable: what is set, even when it is empty, or its default. */
export const valueOfVariable = ({ name, default: fallback }: EnvironmentVariable, env: EnvironmentValues) =>
  (Object.hasOwn(env, name) ? env[name] : undefined) ?? fallback;

/** The values of the variables that are not secret. One without a value is left out. */
export const publicValues = (variables: readonly EnvironmentVariable[], env: EnvironmentValues) =>
  Object.fromEntries(
    variables.flatMap((variable) => {
      const value = variable.secret ? undefined : valueOfVariable(variable, env);
      return value === undefined ? [] : [[variable.name, value] as const];
    }),
  );

/** Gives the values of the declared secrets, and of nothing else. */
export const secretSource = (variables: readonly EnvironmentVariable[], env: EnvironmentValues): SecretSource => {
  const secrets = new Map(variables.filter(({ secret }) => secret).map((variable) => [variable.name, variable]));
  return {
    secret: (name) => {
      const variable = secrets.get(name);
      return variable && valueOfVariable(variable, env);
    },
  };
};
