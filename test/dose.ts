/** How much of a proof is run: a taste of it in the usual loop, all of it where `TROUPE_DOSE=full`, as CI does. */
const isFull = process.env['TROUPE_DOSE'] === 'full';

export const dose = (taste: number, all: number): number => (isFull ? all : taste);
