import { LRUCache } from 'lru-cache';
import type { ViewerCalls, ViewerSource } from '../contract/viewer';
import { openCaseScene } from '../viewer/case-scene';
import { openFileScene } from '../viewer/file-scene';
import { readSlice } from '../viewer/read-slice';
import { runCases } from '../viewer/run-cases';
import type { Scene, Signal } from '../viewer/scene';
import { countSlices } from '../viewer/slice-counts';
import { OpenFiles } from '../viewer/voxels';
import type { Handlers } from './handlers';

const files = new OpenFiles();
const never: Signal = { isCancellationRequested: false };

/** Scenes opened last: every query names what it is about in full, so that an engine started anew can answer it. */
const scenes = new LRUCache<string, Scene, { source: ViewerSource }>({
  max: 16,
  fetchMethod: (_key, _held, { context: { source } }) =>
    source.kind === 'case' ? openCaseScene(source, files) : openFileScene(source, files, never),
  // One that is opened anew meanwhile is opened to its end for whoever waits for it.
  ignoreFetchAbort: true,
});

function sceneOf(source: ViewerSource, fresh = false): Promise<Scene> {
  const key = JSON.stringify(source);
  if (fresh) scenes.delete(key);
  return scenes.forceFetch(key, { context: { source } });
}

export const viewerHandlers: Handlers<ViewerCalls> = {
  viewerRun: ({ run }) => Promise.resolve().then(() => runCases(run)),
  viewerOpen: async ({ source }) => (await sceneOf(source, true)).info,
  viewerSlice: async (query) => readSlice(await sceneOf(query.source), query),
  viewerDice: async ({ source, frame, threshold }, token) =>
    countSlices(await sceneOf(source), frame, threshold, token),
};
