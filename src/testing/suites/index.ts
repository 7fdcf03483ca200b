/**
 * The contract suites that our own backends pass, for yours: `import … from 'troupe/testing/suites'`. They need Vitest.
 * The interfaces that a backend implements are exported too.
 */
export { blobSuite, type BlobCase } from './blobs.ts';
export { journalSuite, type JournalCase } from './journal/journal.ts';
export { modelSuite, type ModelCase } from './model.ts';
export { toolSourceSuite } from './toolSource.ts';
export { transportSuite, type TransportCase } from './transport/transport.ts';
export type { BlobStore } from '../../blobs/blobStore.ts';
export type { Envelope } from '../../contracts/envelope.ts';
export type { Model } from '../../contracts/model.ts';
export type { ToolSource } from '../../contracts/tool.ts';
export type { Commit, Journal } from '../../journal/journal.ts';
export type { Transport } from '../../transport/transport.ts';
