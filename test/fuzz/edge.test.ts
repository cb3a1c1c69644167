import { testSample } from './sample.ts';

testSample('edge', 1_000);
