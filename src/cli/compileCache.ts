/** Lets Node keep the compiled form of what the command loads, so that the next command starts sooner. */
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Node 22.8 and later; the types are those of the oldest Node that we take, which has no such function. */
interface CompileCache {
  readonly enableCompileCache?: (folder: string) => unknown;
}

/**
 * Keeps it in the folder of the user for such things, which no other user can write to, as they can to the folder for temporary files that is Node's default.
 * `NODE_COMPILE_CACHE` names another folder, `NODE_DISABLE_COMPILE_CACHE=1` turns it off. Nothing depends on it: where it cannot be written or read, Node compiles again.
 */
export function keepCompiled(env: Readonly<Record<string, string | undefined>>): void {
  try {
    const folder = env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(homedir(), '.cache');
    (nodeModule as CompileCache).enableCompileCache?.(env['NODE_COMPILE_CACHE'] || join(folder, 'troupe'));
  } catch {
    // There is no home.
  }
}
