/** Parameters that are handed on: to a sub-workflow, or to an agent. */
import type { Resolved, Sealed } from '../../contracts/workflow/values.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** Parameters apart from secrets: what is in clear, and the sealed ones as `params.NAME`, as `WorkflowValues` has both. */
export interface SplitParams {
  readonly params: JsonObject;
  readonly sealed: Readonly<Record<string, Sealed>>;
}

/** Splits resolved parameters. A parameter with a secret anywhere in it is sealed as a whole. */
export function splitParams({ value, sealed }: Resolved): SplitParams {
  const params: Record<string, Json> = isJsonObject(value) ? { ...value } : {};
  const names = new Set(sealed.map(({ path }) => String(path[0])));
  const split: Record<string, Sealed> = {};
  for (const name of names) {
    const inside = sealed
      .filter(({ path }) => String(path[0]) === name)
      .map(({ path, value: secret }) => ({ path: path.slice(1), value: secret }));
    const [only] = inside;
    split[`params.${name}`] =
      only?.path.length === 0 ? only.value : { parts: { value: params[name] ?? null, sealed: inside } };
    delete params[name];
  }
  return { params, sealed: split };
}
