import { Worker } from 'node:worker_threads';

/** How often it is looked whether the parent lives. */
const everyMilliseconds = 500;

/**
 * Ends this process soon after its parent has ended, whatever ended that, and whatever this process is doing: the main thread may be in
 * a long call that sees no event, so a thread of its own looks. For helpers of a process; a run that is to outlive its window has none.
 */
export function endWithParent(parent = process.ppid): void {
  const watcher = new Worker(watch, { eval: true, workerData: { parent, everyMilliseconds } });
  // What cannot be watched goes on as before.
  watcher.on('error', () => {});
  watcher.unref();
}

/** Runs in a thread, from text: the program is one file. Killed, since only the main thread can end the process in another way. */
const watch = `
const { workerData: { parent, everyMilliseconds } } = require('node:worker_threads');
const lives = () => {
  if (process.platform !== 'win32') return process.ppid === parent;
  // There a process keeps its parent's id.
  try {
    process.kill(parent, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};
setInterval(() => {
  if (!lives()) process.kill(process.pid, 'SIGKILL');
}, everyMilliseconds);
`;
