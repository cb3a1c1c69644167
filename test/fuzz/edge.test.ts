import { testSample } from './sample.ts';

testSample('edge', 3_500);
