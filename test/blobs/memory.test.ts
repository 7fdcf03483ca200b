import { memoryBlobs } from '../../src/blobs/memory.ts';
import { blobSuite } from 'troupe/testing/suites';

blobSuite('memory', { open: async () => memoryBlobs() });
