import '../shared/elements';
import '../shared/theme.css';
import './viewer.css';
import { Channel } from '../shared/channel';
import { h } from '../shared/dom';
import { port, readState } from '../shared/vscode-api';
import type { HostCalls, HostEvent, PageCalls, PageEvent } from './messages';
import { Viewer } from './viewer';

let viewer: Viewer | null = null;
const channel = new Channel<PageCalls, HostCalls, PageEvent, HostEvent>(port, {
  onEvent: (event) => {
    if (event.type === 'command') viewer?.command(event.command);
    else void start();
  },
});
const root = document.getElementById('app')!;

async function start(): Promise<void> {
  try {
    const begun = await channel.call('start', null);
    viewer?.dispose();
    viewer = new Viewer(root, channel, begun, readState());
  } catch (error) {
    viewer?.dispose();
    viewer = null;
    const message = error instanceof Error ? error.message : String(error);
    root.replaceChildren(h('p', { class: 'failure', role: 'alert' }, message));
  }
}

void start();
