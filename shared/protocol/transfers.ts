/** Bulk transfers: the executor dials back with a plain HTTP request, authenticated like its connection. GET fetches a body, POST brings one. */
export const transfersPath = '/api/v1/executors/transfers';

/** How many bytes a GET brings: a hint. As `content-length` it would be a promise, which a body that breaks does not keep. */
export const transferLengthHeader = 'x-dockup-length';
