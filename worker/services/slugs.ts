import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { isReservedSlug, slugPattern } from '../../shared/names.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../store/db.ts';

/** SEC-07. Whether it is taken only the insert can tell. @throws AppError slug_invalid, slug_reserved */
export function checkSlug(slug: string): void {
  if (!slugPattern.test(slug)) throw slugError('slug_invalid', 'Use 1 to 40 lower-case letters, digits and inner hyphens.');
  if (isReservedSlug(slug)) throw slugError('slug_reserved', `"${slug}" is kept for Dockup itself.`);
}

export function slugError(code: Extract<ErrorCode, `slug_${string}`>, detail: string): AppError {
  return new AppError(code, { detail, errors: [{ pointer: '/slug', code, detail }] });
}

/** Around the insert of an app. @throws AppError slug_taken, environment_not_found when where it goes has just been deleted */
export async function asNewApp<T>(written: Promise<T>, slug: string): Promise<T> {
  try {
    return await written;
  } catch (error) {
    if (isUniqueViolation(error, 'apps.slug')) throw slugError('slug_taken', `The slug "${slug}" belongs to another app.`);
    if (isForeignKeyViolation(error)) throw new AppError('environment_not_found');
    throw error;
  }
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Characters before the six that `makeSlug` adds: a slug has 40 at most. */
const longestStart = 33;

/** For an app whose slug nobody has chosen: what it is called, and six characters that make it unique. */
export function makeSlug(name: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, longestStart)
    .replaceAll(/^-|-$/g, '');
  return `${words === '' ? 'app' : words}-${suffix()}`;
}

function suffix(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(6)), (number) => alphabet[number % alphabet.length]).join('');
}
