/** Reads the manifests in deploy/, and checks them with the schemas of Kubernetes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const folder = resolve(import.meta.dirname, '../../deploy');

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
  /** Only in a patch: the manifest of this name is left out. */
  readonly $patch?: 'delete';
}
export interface FoundManifest {
  readonly file: string;
  readonly manifest: Manifest;
}

/** Every document of a YAML file. Throws on invalid YAML, such as a duplicate key. */
export function documents(path: string): unknown[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    return document.toJS() as unknown;
  });
}

export const manifests: readonly FoundManifest[] = readdirSync(join(folder, 'kubernetes'), {
  recursive: true,
  encoding: 'utf8',
})
  // Values of a Helm chart are no manifest, and neither is a list of operations (a JSON patch).
  .filter((file) => file.endsWith('.yaml') && !file.endsWith('values.yaml'))
  .flatMap((file) =>
    documents(join(folder, 'kubernetes', file))
      .filter((document) => !Array.isArray(document))
      .map((manifest) => ({
        file: relative(folder, join(folder, 'kubernetes', file)),
        // The schema checks it; these names are only used to find it.
        manifest: manifest as Manifest,
      })),
  );

const groups: Record<string, () => Promise<object>> = {
  v1: () => import('kubernetes-models/v1'),
  'apps/v1': () => import('kubernetes-models/apps/v1'),
  'networking.k8s.io/v1': () => import('kubernetes-models/networking.k8s.io/v1'),
  'autoscaling/v2': () => import('kubernetes-models/autoscaling/v2'),
  'policy/v1': () => import('kubernetes-models/policy/v1'),
};

/** A class of `kubernetes-models`. Its validator is called on our own object, because an instance would contain a copy. */
interface Model {
  readonly prototype: { validate(this: unknown): void };
}

/** The errors of a manifest; an empty list when there are none. */
export async function schemaErrors(manifest: Manifest): Promise<string[]> {
  const { apiVersion, kind } = manifest;
  // By name, because each API version has its own classes.
  const models = (await groups[apiVersion]?.()) as Record<string, Model> | undefined;
  const model = models?.[kind];
  if (!model) return [`There is no ${kind} in ${apiVersion}.`];
  const { watched: recorded, unseen: unreadKeys } = recordReads(manifest);
  try {
    model.prototype.validate.call(recorded);
  } catch (thrown) {
    return [(thrown as Error).message];
  }
  return unreadKeys().map((path) => `${path} is not in the schema of ${kind}.`);
}

/**
 * A schema of Kubernetes ignores unknown keys, as the server does with a warning: a misspelt probe would be no probe.
 * A key that the validator never reads is unknown to it.
 */
function recordReads<T extends object>(value: T): { watched: T; unseen(): string[] } {
  const seen = new Set<string>();
  const wrap = <V>(of: V, path: string): V => {
    if (typeof of !== 'object' || of === null) return of;
    return new Proxy(of, {
      get(target, key) {
        const next = `${path}/${String(key)}`;
        seen.add(next);
        return wrap(Reflect.get(target, key) as unknown, next);
      },
      // A schema that iterates over all keys allows any key.
      ownKeys(target) {
        for (const key of Reflect.ownKeys(target)) seen.add(`${path}/${String(key)}`);
        return Reflect.ownKeys(target);
      },
    });
  };
  const paths = (of: unknown, path: string): string[] =>
    typeof of === 'object' && of !== null
      ? Object.entries(of).flatMap(([key, next]) => [`${path}/${key}`, ...paths(next, `${path}/${key}`)])
      : [];
  return { watched: wrap(value, ''), unseen: () => paths(value, '').filter((path) => !seen.has(path)) };
}
