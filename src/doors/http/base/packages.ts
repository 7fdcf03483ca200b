/** The packages of HTTP: when one is missing, both are named, because neither is of use alone. */
import type { OptionalPackage } from '../../../values/optional.ts';

/** Loaded when a door is opened. */
export const httpPackages: readonly OptionalPackage[] = ['hono', '@hono/node-server'];
