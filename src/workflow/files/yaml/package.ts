/** Loads the package `yaml`, once: afterwards files are parsed synchronously. */
import { TroupeError } from '../../../values/failure.ts';
import { loadOptional } from '../../../values/optional.ts';
import { workflowPackages } from '../../packages.ts';

type YamlPackage = typeof import('yaml');

let loaded: YamlPackage | undefined;

/** To be awaited before anything is parsed. Rejects with `environment` when the package is not installed. */
export async function loadYaml(): Promise<void> {
  loaded ??= await loadOptional(workflowPackages, 'A YAML workflow needs', () => import('yaml'));
}

/** The package. Throws `internal` when it was not loaded. */
export function yamlPackage(): YamlPackage {
  if (loaded === undefined) throw new TroupeError('internal', 'YAML was read before loadYaml() was awaited.');
  return loaded;
}
