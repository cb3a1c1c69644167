import { element } from './elements.js';

/**
 * A time as it is read where its reader is.
 * @param {string | null} time
 * @param {string} none
 */
export function timeOf(time, none) {
  return time === null ? none : element('time', { datetime: time }, new Date(time).toLocaleString());
}
