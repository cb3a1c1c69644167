/** The machine is not fit to go on. The message tells what to do; there is no stack worth showing. */
export class SetupError extends Error {}
