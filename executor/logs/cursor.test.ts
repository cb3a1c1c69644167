import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../shared/protocol/logs.ts';
import { parseCursor, Track, writeCursor, type Told } from './cursor.ts';

const one = `dep_${'1'.repeat(22)}`;
const two = `dep_${'2'.repeat(22)}`;
const three = `dep_${'3'.repeat(22)}`;

const at = (nanoseconds: number): string => `2026-11-22T18:50:28.${String(nanoseconds).padStart(9, '0')}Z`;
const line = (nanoseconds: number, stream: LogLine['stream'] = 'stdout', text = ''): LogLine => ({ time: at(nanoseconds), stream, text });
const resumed = (track: Track) => new Track(one, parseCursor(writeCursor([told(track)], one)).get(one));
const told = (track: Track, change: Partial<Told> = {}): Told => ({ deployment: track.deployment, position: track.toString(), isStarted: true, isOver: false, ...change });
const texts = (lines: readonly LogLine[], track: Track) => lines.filter((entry) => track.admit(entry)).map((entry) => entry.text);

describe('a track', () => {
  // Equal times, and stdout and stderr overtaking each other.
  const log = [line(5, 'stdout', 'a'), line(7, 'stdout', 'b'), line(6, 'stderr', 'c'), line(7, 'stdout', 'd'), line(7, 'stdout', 'e'), line(7, 'stderr', 'f'), line(9, 'stderr', 'g'), line(8, 'stdout', 'h')];

  it('lets every line through once, in the order of the log', () => {
    expect(texts(log, new Track(one))).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });

  it.each(log.map((_, i) => i))('REL-18 resumed after line %i tells the rest', (i) => {
    const track = new Track(one);
    texts(log.slice(0, i + 1), track);
    expect(texts(log, resumed(track))).toEqual(texts(log, new Track(one)).slice(i + 1));
  });

  it.each([0, 1, 2, 3, 4, 5, 7])('drops what the engine repeats from line %i on', (i) => {
    const track = new Track(one);
    expect(texts([...log, ...log.slice(i), line(10, 'stdout', 'next')], track).slice(log.length)).toEqual(['next']);
  });

  it('tells new lines of the time of the last one, also after reading began anew', () => {
    const track = new Track(one);
    texts(log.slice(0, 2), track);
    track.rewind();
    expect(texts(log.slice(0, 5), track)).toEqual(['c', 'd', 'e']);
  });

  it('knows that the line it goes on after has been thrown away', () => {
    const track = new Track(one);
    texts(log, track);
    const sound = resumed(track);
    texts([...log, line(20, 'stderr')], sound);
    const cut = resumed(track);
    texts([line(20, 'stderr')], cut);
    expect([sound.hasLost, cut.hasLost]).toEqual([false, true]);
  });
});

describe('a cursor', () => {
  const track = (deployment: string, nanoseconds: number) => {
    const begun = new Track(deployment);
    begun.admit(line(nanoseconds));
    return begun;
  };
  const named = (cursor: string) => [...parseCursor(cursor).keys()];

  it('is letters, digits, dots and dashes, in nanoseconds since the epoch', () => {
    expect(writeCursor([told(track(one, 123_456_789))], one)).toBe(`c1.${'1'.repeat(22)}.1795373428123456789`);
  });

  it('names those that are open, and none that has not begun', () => {
    expect(named(writeCursor([told(track(one, 1)), told(track(two, 2)), told(new Track(three), { isStarted: false })], one))).toEqual([one, two]);
  });

  it('names the newest that was begun even when it is over, so that it does not begin again', () => {
    expect(named(writeCursor([told(track(one, 1)), told(track(two, 2), { isOver: true })], one))).toEqual([one, two]);
  });

  it('leaves out what is over below the newest', () => {
    expect(named(writeCursor([told(track(one, 1), { isOver: true }), told(track(two, 2))], two))).toEqual([two]);
  });

  it('names one that may still write its first line below the newest', () => {
    expect(named(writeCursor([told(new Track(one), { isStarted: false }), told(track(two, 2))], two))).toEqual([one, two]);
  });

  it('fits its field, however many containers are open', () => {
    const many = Array.from({ length: 9 }, (_, i) => {
      const begun = track(`dep_${String(i).repeat(22)}`, i);
      begun.admit(line(i, 'stderr'));
      return told(begun);
    });
    expect(writeCursor(many, many[8]?.deployment ?? '').length).toBeLessThanOrEqual(500);
  });

  it.each(['', 'c1', 'c1.', 'c2.x', 'x', `c1.${'1'.repeat(22)}`, `c1.${'1'.repeat(22)}.1~`, `c1.${'u'.repeat(22)}.1795373428123456789`, `c1.${'1'.repeat(22)}.1795373428123456789.1.1`, `c1.${'1'.repeat(22)}.99999999999999999999`])('%j is none', (text) => {
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'invalid_value' }));
  });
});
