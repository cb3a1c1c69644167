import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { isReservedSlug, slugPattern } from '../../shared/names.ts';

/** SEC-07. Whether it is taken only the insert can tell. @throws AppError slug_invalid, slug_reserved */
export function checkSlug(slug: string): void {
  if (!slugPattern.test(slug)) throw slugError('slug_invalid', 'Use 1 to 40 lower-case letters, digits and inner hyphens.');
  if (isReservedSlug(slug)) throw slugError('slug_reserved', `"${slug}" is kept for Dockup itself.`);
}

export function slugError(code: Extract<ErrorCode, `slug_${string}`>, detail: string): AppError {
  return new AppError(code, { detail, errors: [{ pointer: '/slug', code, detail }] });
}
