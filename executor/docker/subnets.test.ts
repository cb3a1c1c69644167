import { describe, expect, it } from 'vitest';
import { freeAddress, freeSubnets, parseCidr } from './subnets.ts';

describe('subnets of projects', () => {
  it.each([
    ['10.213.0.0/16', 0x0ad50000, 0x0ad5ffff],
    ['10.213.0.77/25', 0x0ad50000, 0x0ad5007f],
    ['255.255.255.255/32', 0xffffffff, 0xffffffff],
  ])('reads %s', (cidr, first, last) => {
    expect(parseCidr(cidr)).toEqual({ first, last });
  });

  it('cuts 512 of them out of a /16', () => {
    const all = [...freeSubnets('10.213.0.0/16', [])];
    expect(all).toHaveLength(512);
    expect(all.slice(0, 3)).toEqual(['10.213.0.0/25', '10.213.0.128/25', '10.213.1.0/25']);
    expect(all.at(-1)).toBe('10.213.255.128/25');
  });

  it.each([
    ['one that is taken', ['10.213.0.0/25'], '10.213.0.128/25'],
    ['what a larger network covers', ['10.213.0.0/23'], '10.213.2.0/25'],
    ['what a smaller network is inside of', ['10.213.0.200/32', '10.213.0.0/30'], '10.213.1.0/25'],
  ])('leaves out %s', (_name, taken, first) => {
    expect(freeSubnets('10.213.0.0/16', taken).next().value).toBe(first);
  });

  it('ends when the pool is used up', () => {
    expect([...freeSubnets('10.213.0.0/24', ['10.213.0.0/25', '10.213.0.128/25'])]).toEqual([]);
  });
});

describe('addresses of containers', () => {
  it('are the lowest that nobody has, after the gateway', () => {
    expect(freeAddress('10.213.0.128/25', [])).toBe('10.213.0.130');
    expect(freeAddress('10.213.0.128/25', ['10.213.0.130', '10.213.0.132'])).toBe('10.213.0.131');
  });

  it('run out after 125', () => {
    const taken = Array.from({ length: 125 }, (_, index) => `10.213.0.${index + 2}`);
    expect(freeAddress('10.213.0.0/25', taken.slice(0, 124))).toBe('10.213.0.126');
    expect(freeAddress('10.213.0.0/25', taken)).toBeNull();
  });
});
