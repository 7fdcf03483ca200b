/** Keeps the code of versions on a NATS server, and in a folder of each machine that runs it: there it is loaded from, and compared with its hash as before. */
import type { ObjectStore } from '../nats/objectStore.ts';
import { permissionError } from '../nats/permissionErrors.ts';
import { errorMessage } from '../values/cause.ts';
import { TroupeError, toFailure } from '../values/failure.ts';
import { bundleHash } from './bundle.ts';
import type { BundleFolder } from './bundleFolder.ts';
import { packBundle, unpackBundle } from './packedBundle.ts';

/** The bundles of a tenant; `local` is the folder of this machine. */
export function serverBundles(local: BundleFolder, objects: ObjectStore): BundleFolder {
  const packedIn = (hash: string) =>
    onServer('read', async () => {
      const names = await objects.list();
      return names.includes(hash) ? objects.getBytes(hash) : undefined;
    });

  async function isOnServer(hash: string): Promise<boolean> {
    const packed = await packedIn(hash);
    return packed !== undefined && bundleHash(await unpackBundle(packed).catch(() => [])) === hash;
  }

  return {
    async save(files) {
      const hash = await local.save(files);
      const packed = await packBundle(files);
      if (!(await isOnServer(hash))) await onServer('written', () => objects.putBytes(hash, packed));
      return hash;
    },
    async open(hash) {
      try {
        return await local.open(hash);
      } catch (thrown) {
        // What is gone or damaged here is whole on the server.
        const packed = ['environment', 'corrupt'].includes(toFailure(thrown).kind) ? await packedIn(hash) : undefined;
        if (!packed) throw thrown;
        const files = await unpackBundle(packed);
        if (bundleHash(files) !== hash)
          throw new TroupeError(
            'corrupt',
            'The code of this version is damaged on the NATS server. Deploy the file again.',
            { data: { bundle: hash } },
          );
        await local.save(files);
        return await local.open(hash);
      }
    },
    async delete(hash) {
      await onServer('deleted', () => objects.remove(hash));
      await local.delete(hash);
    },
    list: () => onServer('listed', () => objects.list()),
  };
}

async function onServer<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause;
    throw (
      permissionError(cause) ??
      new TroupeError('storage', `The code cannot be ${what} on the NATS server: ${errorMessage(cause)}.`, {
        cause,
      })
    );
  }
}
