/** Pins a definition: everything of its own that it needs, so that it runs on as it was when its file has changed or is gone. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { PinnedCode } from '../bundle.ts';
import { bundleModule } from './bundler.ts';
import { copyProject } from './project.ts';

/** What is pinned. */
export interface PinOptions {
  /** The absolute path of the file. */
  readonly file: string;
  /** For a workflow: the absolute path of the folder of its project. Everything else is a module or a file of agents. */
  readonly projectDir?: string;
}

/** The code of a definition. Rejects with `definition` when it cannot be joined or is too large. */
export async function pin({ file, projectDir }: PinOptions): Promise<PinnedCode> {
  if (projectDir !== undefined) return copyProject(file, projectDir);
  if (!file.endsWith('.json')) return bundleModule(file);
  return { files: [{ path: basename(file), bytes: await readFile(file) }], entry: basename(file), warnings: [] };
}
