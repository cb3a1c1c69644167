import { testDokploy } from './cases.ts';

testDokploy('edge');
