import { testLink } from './cases.ts';

testLink('edge');
