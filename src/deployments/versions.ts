/** Changes of a deployment, as pure functions of its record: a new version, a tag that moves, a version that goes. */
import { TroupeError } from '../values/failure.ts';
import { defaultTag, requireTag, type VersionChoice } from './names.ts';
import type { DeployedVersion, Deployment } from './record.ts';

/** A tag, and how a version has it. */
export interface TagChange {
  readonly tag: string;
  /** Whether only one version may have it, so that it moves; `default` always does. */
  readonly exclusive: boolean;
}

/** The version that is meant. Throws `unknown_recipient` when there is none, `invalid` when two are named, `conflict` when several have the tag. */
export function chosenVersion({ name, versions, exclusive }: Deployment, choice: VersionChoice): DeployedVersion {
  const { version, tag } = choice;
  if (version !== undefined && tag !== undefined)
    throw new TroupeError('invalid', `Name a version of "${name}" by its number or by a tag, not by both.`);
  if (version !== undefined) {
    const found = versions.find((each) => each.version === version);
    if (found) return found;
    throw new TroupeError(
      'unknown_recipient',
      `"${name}" has no version ${version}; it has ${versions.map((each) => each.version).join(', ')}.`,
    );
  }
  const wanted = tag ?? defaultTag;
  const holders = versions.filter((each) => exclusive[wanted] === each.version || each.tags.includes(wanted));
  const [holder, other] = holders;
  if (holder && !other) return holder;
  if (holder)
    throw new TroupeError(
      'conflict',
      `The tag "${wanted}" of "${name}" is ambiguous: the versions ${holders.map((each) => each.version).join(', ')} have it. Name one by --version, or make the tag exclusive.`,
    );
  throw new TroupeError(
    'unknown_recipient',
    `No version of "${name}" has the tag "${wanted}"; there are ${tagsText({ versions, exclusive })}.`,
  );
}

/** With a new version, whose number is one higher than any before. The first one gets the tag `default`. */
export function withVersion(
  before: Deployment,
  version: Omit<DeployedVersion, 'version' | 'tags'>,
  tags: readonly TagChange[],
): Deployment {
  const number = before.lastVersion + 1;
  const added: Deployment = {
    ...before,
    lastVersion: number,
    versions: [{ ...version, version: number, tags: [] }, ...before.versions],
  };
  const isFirst = before.exclusive[defaultTag] === undefined;
  const all = isFirst ? [{ tag: defaultTag, exclusive: true }, ...tags] : tags;
  return all.reduce((deployment, tag) => withTag(deployment, number, tag), added);
}

/** With a tag on a version. An exclusive one is taken from the version that had it. Throws `conflict` for a shared tag that is exclusive elsewhere. */
export function withTag(before: Deployment, version: number, { tag: given, exclusive }: TagChange): Deployment {
  const tag = requireTag(given);
  chosenVersion(before, { version });
  const isExclusive = exclusive || tag === defaultTag;
  const holder = before.exclusive[tag];
  if (!isExclusive && holder !== undefined && holder !== version)
    throw new TroupeError(
      'conflict',
      `The tag "${tag}" of "${before.name}" is exclusive, and version ${holder} has it. Move it with --exclusive.`,
    );
  if (!isExclusive && holder === version) return before;
  const versions = before.versions.map((each) => {
    const others = each.tags.filter((name) => name !== tag);
    if (isExclusive) return { ...each, tags: others };
    return each.version === version ? { ...each, tags: [...others, tag].sort() } : each;
  });
  return { ...before, versions, exclusive: isExclusive ? { ...before.exclusive, [tag]: version } : before.exclusive };
}

/** Without a tag on a version. Throws `conflict` for `default`, `unknown_recipient` when the version does not have it. */
export function withoutTag(before: Deployment, version: number, tag: string): Deployment {
  if (tag === defaultTag)
    throw new TroupeError(
      'conflict',
      `The tag "default" cannot be removed; put it on another version of "${before.name}".`,
    );
  const holder = chosenVersion(before, { version });
  if (before.exclusive[tag] === version) {
    const { [tag]: _, ...exclusive } = before.exclusive;
    return { ...before, exclusive };
  }
  if (!holder.tags.includes(tag))
    throw new TroupeError('unknown_recipient', `Version ${version} of "${before.name}" has no tag "${tag}".`);
  const versions = before.versions.map((each) =>
    each.version === version ? { ...each, tags: each.tags.filter((name) => name !== tag) } : each,
  );
  return { ...before, versions };
}

/** Without a version. Throws `conflict` while it has an exclusive tag. */
export function deleteVersion(before: Deployment, version: number): Deployment {
  chosenVersion(before, { version });
  const held = Object.keys(before.exclusive).filter((tag) => before.exclusive[tag] === version);
  if (held.length > 0)
    throw new TroupeError(
      'conflict',
      `Version ${version} of "${before.name}" has the exclusive ${held.length === 1 ? 'tag' : 'tags'} ${held.map((tag) => `"${tag}"`).join(', ')}, and is kept. Move ${held.length === 1 ? 'it' : 'them'} to another version first.`,
    );
  return { ...before, versions: before.versions.filter((each) => each.version !== version) };
}

const tagsText = ({ versions, exclusive }: Pick<Deployment, 'versions' | 'exclusive'>): string =>
  [...new Set([...Object.keys(exclusive), ...versions.flatMap(({ tags }) => tags)])].sort().join(', ') || 'none';
