import { testLink } from './cases.ts';

testLink('embedded');
