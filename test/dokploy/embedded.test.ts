import { testDokploy } from './cases.ts';

testDokploy('embedded');
