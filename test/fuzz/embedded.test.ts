import { testSample } from './sample.ts';

testSample('embedded', 3_500);
