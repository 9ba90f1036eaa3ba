import '../shared/elements';
import '../shared/theme.css';
import './viewer.css';
import './lists.css';
import './panes.css';
import { Channel } from '../../engine/channel';
import { h } from '../shared/dom';
import { port, readState } from '../shared/vscode-api';
import { errorText } from './host';
import type { HostCalls, HostEvent, PageCalls, PageEvent } from '../../engine/contract/viewer-page';
import { Viewer } from './viewer';

let viewer: Viewer | null = null;
const channel = new Channel<PageCalls, HostCalls, PageEvent, HostEvent>(port, {
  onEvent: (event) => {
    if (event.type === 'command') viewer?.actions.command(event.command);
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
    root.replaceChildren(h('p', { class: 'failure', role: 'alert' }, errorText(error)));
  }
}

void start();
