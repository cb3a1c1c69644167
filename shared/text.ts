/** At most `length` UTF-16 units, none of them half a character: the database refuses such a text, and what is told of something that has been done must not be refused. */
export function beginningOf(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '').toWellFormed();
}
