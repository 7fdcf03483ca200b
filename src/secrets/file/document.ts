/** The text in the file of a store: JSON with a format number, and each secret encrypted by itself under its name. */
import * as z from 'zod';
import { TroupeError } from '../../values/failure.ts';
import { Id } from '../../values/ids.ts';
import { propertiesOf } from '../../values/properties.ts';
import { SealedSecret } from './cipher.ts';

/** The format that this version writes, and the only one that it reads. */
const format = 1;

const SecretDocument = z.strictObject({
  troupe: z.literal('secrets'),
  format: z.literal(format),
  secrets: z.record(Id, SealedSecret),
});

/** The encrypted secrets, by name. */
export type SealedSecrets = Readonly<Record<string, SealedSecret>>;

/** The text for these secrets. */
export const documentText = (secrets: SealedSecrets): string =>
  `${JSON.stringify({ troupe: 'secrets', format, secrets } satisfies z.input<typeof SecretDocument>, null, 2)}\n`;

/** The secrets in a text. Throws `corrupt` when it is no such document, and `unsupported` when a newer version wrote it. */
export function secretsIn(text: string, path: string): SealedSecrets {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw damaged(path, 'it is not JSON'); // The error of the parser would quote the file.
  }
  const { format: found, secrets } = propertiesOf(document);
  if (typeof found === 'number' && found > format)
    throw new TroupeError(
      'unsupported',
      `${path} has the format ${found}; this version of troupe reads ${format}. A newer version wrote it: use that one.`,
    );
  const parsed = SecretDocument.safeParse(document);
  // The schema passes over "__proto__", and what is passed over would be lost with the next change.
  if (parsed.success && !Object.hasOwn(propertiesOf(secrets), '__proto__')) return parsed.data.secrets;
  const place = parsed.error?.issues[0]?.path.slice(0, 3).join('.') ?? 'secrets';
  throw damaged(path, `what is at ${JSON.stringify(place)} is not as it was written`);
}

const damaged = (path: string, why: string): TroupeError =>
  new TroupeError(
    'corrupt',
    `The secrets in ${path} cannot be read: ${why}. The file was left as it is. Restore it from a copy, or move it away and set the secrets again.`,
  );
