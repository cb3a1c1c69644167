import { run } from '../../scripts/setup/run.ts';

/** A program and every file the loader needs to start it, as `ldd` names them. */
export async function withSharedLibraries(program: string): Promise<string[]> {
  const listing = await run('ldd', [program]);
  const libraries = [...listing.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map((match) => match[1] ?? '');
  return [program, ...libraries];
}
