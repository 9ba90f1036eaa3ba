import { runCases } from '../viewer/run-cases';
import type { ViewerCalls, ViewerSource } from '../contract/viewer';
import { countSlices } from '../viewer/slice-counts';
import { openSubject, readSlice, type Signal, type Subject } from '../viewer/subject';
import { OpenFiles } from '../viewer/voxels';
import type { Handlers } from './handler';

const files = new OpenFiles();

/** Subjects opened last: every query names its subject in full, so that an engine started anew can answer it. */
const subjects = new Map<string, Promise<Subject>>();
const maxSubjects = 16;
const never: Signal = { isCancellationRequested: false };

function subjectOf(source: ViewerSource, fresh = false): Promise<Subject> {
  const key = JSON.stringify(source);
  let subject = fresh ? undefined : subjects.get(key);
  if (!subject) {
    const opened = openSubject(source, files, never);
    opened.catch(() => subjects.get(key) === opened && subjects.delete(key));
    subject = opened;
  }
  subjects.delete(key);
  subjects.set(key, subject);
  for (const old of subjects.keys()) if (subjects.size > maxSubjects) subjects.delete(old);
  return subject;
}

export const viewerHandlers: Handlers<keyof ViewerCalls> = {
  viewerRun: ({ run }) => Promise.resolve().then(() => runCases(run)),
  viewerOpen: async ({ source }) => (await subjectOf(source, true)).info,
  viewerSlice: async (query) => readSlice(await subjectOf(query.source), query),
  viewerDice: async ({ source, frame, threshold }, token) =>
    countSlices(await subjectOf(source), frame, threshold, token),
};
