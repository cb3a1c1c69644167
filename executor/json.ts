/** Null for what is not JSON: lines from outside, whose shape is checked by a schema anyway. */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
