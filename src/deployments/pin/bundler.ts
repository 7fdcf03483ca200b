/** Joins a module and the files of its own that it imports into one, by rolldown. Packages stay imports: which ones are installed is the environment's affair. */
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorMessage } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { loadOptional } from '../../values/optional.ts';
import type { PinnedCode } from '../bundle.ts';

/** What a module knows about its own place; in one that was joined with others it would be another place. */
const ownPlace = /\bimport\.meta\.(url|dirname|filename)\b/g;

/** The joined module. Rejects with `definition` when an import leads nowhere or a file cannot be read, `environment` when rolldown is not installed. */
export async function bundleModule(file: string): Promise<PinnedCode> {
  const { rolldown } = await loadOptional('rolldown', 'A deployment needs', () => import('rolldown'));
  const placed = new Set<string>();
  try {
    await using joining = await rolldown({
      input: file,
      cwd: dirname(file),
      platform: 'node',
      // As Node does it: each module that is imported is evaluated.
      treeshake: false,
      external: isPackage,
      onLog: () => {},
      plugins: [
        {
          name: 'own-place',
          transform(code, id) {
            if (!id.startsWith(sep) && !/^[A-Za-z]:/.test(id)) return null;
            const fixed = code.replace(ownPlace, (_, part: 'url' | 'dirname' | 'filename') => placeText(id, part));
            if (fixed === code) return null;
            placed.add(id);
            return { code: fixed, map: null };
          },
        },
      ],
    });
    const { output } = await joining.generate({
      format: 'esm',
      sourcemap: true,
      entryFileNames: `${basename(file).replace(/\.[cm]?[jt]s$/, '')}.mjs`,
      chunkFileNames: '[name]-[hash].mjs',
      // Relative to the file that was deployed: the same sources give the same bundle on every machine.
      sourcemapPathTransform: (source) =>
        relative(dirname(file), resolve(dirname(file), 'dist', source))
          .split(sep)
          .join('/'),
    });
    const entry = output.find((chunk) => chunk.type === 'chunk' && chunk.isEntry)?.fileName ?? '';
    return {
      entry,
      files: output.map((part) => ({
        path: part.fileName,
        bytes:
          part.type === 'chunk'
            ? Buffer.from(part.code)
            : typeof part.source === 'string'
              ? Buffer.from(part.source)
              : part.source,
      })),
      warnings: [...placed].map(
        (id) =>
          `${relative(dirname(file), id)} asks for its own place (import.meta). Files that it reads from there are not kept with the version: they are read where they are, as they are then.`,
      ),
    };
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause;
    throw new TroupeError('definition', `${file} cannot be deployed: ${firstLines(errorMessage(cause))}`, { cause });
  }
}

/** Everything that is no path and no import of the package's own (`#…`): packages, this one among them, and modules of Node. */
const isPackage = (id: string): boolean =>
  !/^(?:[.#]|\/|[A-Za-z]:[\\/]|\0|file:)/.test(id) && !id.startsWith('rolldown');

function placeText(id: string, part: 'url' | 'dirname' | 'filename'): string {
  const file = id.replace(/\?.*$/, '');
  const text = part === 'url' ? pathToFileURL(file).href : part === 'dirname' ? dirname(file) : file;
  return JSON.stringify(text);
}

/** Without colours and frames. */
const firstLines = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, 4)
    .join(' ');
