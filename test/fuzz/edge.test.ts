import { testSample } from './sample.ts';

testSample('edge', 2_500);
