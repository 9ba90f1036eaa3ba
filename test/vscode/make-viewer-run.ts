/** Writes a finished run with its predictions and images into a folder. */
import { makeRun } from '../engine/viewer/run-fixture';

void makeRun(process.argv[2]);
