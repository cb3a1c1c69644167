import { testSample } from './sample.ts';

testSample('embedded', 4_000);
