import type { Actions } from './actions';

/** Takes files that are dropped on the window as overlays. Returns how to stop. */
export function takeDrops(root: HTMLElement, actions: Actions): () => void {
  const dropping = (is: boolean) => root.classList.toggle('dropping', is);
  const over = (event: DragEvent) => {
    event.preventDefault();
    dropping(true);
  };
  const leave = () => dropping(false);
  const drop = (event: DragEvent) => {
    dropping(false);
    event.preventDefault();
    const list =
      event.dataTransfer?.getData('application/vnd.code.uri-list') ||
      event.dataTransfer?.getData('text/uri-list') ||
      '';
    const uris = list.split(/\r?\n/).filter((line) => line && !line.startsWith('#'));
    if (uris.length > 0) void actions.addOverlays(uris);
    else actions.refuseDrop();
  };
  window.addEventListener('dragover', over);
  window.addEventListener('dragleave', leave);
  window.addEventListener('drop', drop);
  return () => {
    window.removeEventListener('dragover', over);
    window.removeEventListener('dragleave', leave);
    window.removeEventListener('drop', drop);
  };
}
