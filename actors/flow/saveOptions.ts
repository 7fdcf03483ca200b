/** The options of `ctx.save`, which from JavaScript may be anything. */
import { artifactTypes, type ArtifactType } from '../../src/contracts/flow/record.ts';
import type { SaveOptions } from '../../src/flow/context.ts';
import { describeValue } from '../../src/values/explain.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { requireOptions, type OptionNames } from '../../src/values/options.ts';

const saveOptionNames: OptionNames<SaveOptions> = { type: true, tags: true, mediaType: true };

/** The options, with what the artifact is. Throws `definition`; `invalid` for a type that there is not. */
export function saveOptions(name: string, options: SaveOptions): SaveOptions & { readonly type: ArtifactType } {
  if (typeof options !== 'object' || options === null)
    throw new TroupeError(
      'definition',
      `ctx.save takes its options as an object, such as { type: 'context' }; got ${describeValue(options)}.`,
    );
  requireOptions('ctx.save', options, saveOptionNames);
  const { type = 'output', tags, mediaType } = options;
  if (!artifactTypes.includes(type))
    throw new TroupeError(
      'invalid',
      `An artifact is one of ${artifactTypes.join(', ')}; got ${JSON.stringify(options.type)}.`,
    );
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')))
    throw wrong(name, 'tags', 'a list of texts', tags);
  if (mediaType !== undefined && typeof mediaType !== 'string') throw wrong(name, 'media type', 'a text', mediaType);
  return { ...options, type };
}

const wrong = (name: string, what: string, expected: string, came: unknown): TroupeError =>
  new TroupeError(
    'definition',
    `The ${what} of the artifact "${name}" must be ${expected}; got ${describeValue(came)}.`,
  );
