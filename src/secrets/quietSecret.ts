/** A secret as it is handed out: its values are there for who reads them, and do not appear when the whole is printed, logged or turned into JSON. */
import type { Secret, SecretSummary, SecretValues } from './secretStore.ts';

const { inspect } = process.getBuiltinModule('node:util');

/** The secret with these values. JSON has the summary only, so a secret that an effect returns by mistake is stored without its values (SC5). */
export const quietSecret = (summary: SecretSummary, values: SecretValues): Secret =>
  Object.defineProperties(
    { ...summary, values: { ...values } },
    {
      toJSON: { value: () => summary },
      [inspect.custom]: { value: () => ({ ...summary, values: '[hidden]' }) },
    },
  );
