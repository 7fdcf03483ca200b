/** Reads workflow files, each once: only plain files of a size that is allowed. */
import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { decodeUtf8 } from '../../../values/utf8.ts';
import { errorMessage } from '../../../values/cause.ts';
import { toFailure } from '../../../values/failure.ts';
import { propertiesOf } from '../../../values/properties.ts';
import { loopTurn } from '../../loopTurn.ts';
import { parseYaml, unreadableFile, type YamlFile } from '../yaml/parseYaml.ts';
import { yamlLimits } from '../yaml/limits.ts';

/** Reads a file, and remembers what it held. */
export interface FileReader {
  /** What cannot be read is a file with a problem. */
  read(file: string): Promise<YamlFile>;
  /** The files that were read so far. */
  files(): readonly string[];
}

/** A reader that reads each file once. */
export function fileReader(): FileReader {
  const known = new Map<string, Promise<YamlFile>>();
  return {
    read: (file) => {
      const reading = known.get(file) ?? readYaml(file);
      known.set(file, reading);
      return reading;
    },
    files: () => [...known.keys()],
  };
}

async function readYaml(file: string): Promise<YamlFile> {
  try {
    const parsed = parseYaml(decodeUtf8(await readBytes(file), file), file);
    // What it says is checked next.
    await loopTurn();
    return parsed;
  } catch (thrown) {
    const { line, column } = propertiesOf(toFailure(thrown).data);
    if (typeof line !== 'number' || typeof column !== 'number')
      return unreadableFile(file, `The file cannot be read: ${errorMessage(thrown)}`);
    // The place is told beside the message.
    const why = errorMessage(thrown).replace(`${file}:${line}:${column}: `, '');
    return unreadableFile(file, `The file cannot be read: ${why}`, { line, column });
  }
}

/** The bytes of a plain file. Throws for what is no file, such as a pipe or a device, and for one that is too large. */
export async function readBytes(file: string): Promise<Uint8Array> {
  // Without blocking: opening a pipe that nobody writes to would never end.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size, isFile } = await handle.stat().then((stats) => ({ size: stats.size, isFile: stats.isFile() }));
    if (!isFile) throw new Error('it is not a plain file');
    if (size > yamlLimits.bytes) throw new Error(`it has ${size} bytes, and ${yamlLimits.bytes} are allowed`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
