/** How people write the name of an image, and how the engine tells it. */

/**
 * The short form in which the engine lists an image: `docker.io/library/nginx` is `nginx:latest` there. Always with a tag or a digest, so
 * that it is never taken for the beginning of an id; beside a digest a tag says nothing.
 */
export function canonicalImage(image: string): string {
  const local = image.replace(/^(?:index\.)?docker\.io\//i, '').replace(/^library\/(?=[^/]*$)/, '');
  const [name = '', digest] = local.split('@', 2);
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  if (digest !== undefined) return `${colon < 0 ? name : name.slice(0, colon)}@${digest}`;
  return colon < 0 ? `${name}:latest` : name;
}

/** An id says nothing about whose image it is, so nobody runs one by it (SEC-04). Shorter ones may be names: those the engine decides about. */
export function isImageId(image: string): boolean {
  return /^(?:sha256:.*|[0-9a-f]{64})$/i.test(image);
}
