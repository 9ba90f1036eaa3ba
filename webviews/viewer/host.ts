import type { Channel } from '../../engine/channel';
import type { HostCalls, HostEvent, PageCalls, PageEvent } from '../../engine/contract/viewer-page';

/** The extension, as the page sees it. */
export type Host = Channel<PageCalls, HostCalls, PageEvent, HostEvent>;

export const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
