/** Reads properties of a value whose shape is not known: the context of any machine, the data of any failure, anything that was thrown. */

/** The properties of an object or an array, each of unknown type; of any other value no properties. Nothing is copied. */
export const propertiesOf = (value: unknown): Readonly<Record<string, unknown>> =>
  // Every object can be read by names; what is read stays `unknown`.
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
