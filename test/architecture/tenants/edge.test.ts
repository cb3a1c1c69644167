import { testTenants } from './cases.ts';

testTenants('edge');
