import { testTenants } from './cases.ts';

testTenants('embedded');
