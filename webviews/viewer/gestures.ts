import { on } from '../shared/dom';
import type { Pane } from './pane';
import {
  dragWindow,
  hover,
  pan,
  rest,
  stepSlices,
  switchAlone,
  toCursor,
  zoom,
} from './transitions';
import type { Update } from './store';

/** The wheel goes through slices, with Ctrl it zooms; drags move the cursor, with Shift pan, with Ctrl zoom, with the right button window. */
export function bindGestures(pane: Pane, update: Update): void {
  // Of the wheel, not yet a slice.
  let turned = 0;
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    if (event.ctrlKey) return update((state) => zoom(state, Math.exp(-event.deltaY / 300)));
    turned += event.deltaMode === 0 ? event.deltaY / 40 : event.deltaY / 3;
    const steps = Math.trunc(turned);
    turned -= steps;
    if (steps !== 0) update((state) => stepSlices(state, steps > 0 ? 1 : -1));
  };
  on(pane.stage, {
    wheel: (event) => wheel(event as WheelEvent),
    pointerdown: (event) => drag(pane, event as PointerEvent, update),
    pointermove: (event) => {
      const place = (event as PointerEvent).buttons === 0 && pane.placeAt(event as PointerEvent);
      if (place) update((state) => hover(state, place.row, place.column));
    },
    contextmenu: (event) => event.preventDefault(),
    dblclick: () => update((state) => switchAlone(state, pane.name)),
  });
}

function drag(pane: Pane, event: PointerEvent, update: Update): void {
  pane.stage.focus();
  const size = pane.pixelSize();
  if (!size) return;
  const kind =
    event.button === 2
      ? 'window'
      : event.button === 1 || event.shiftKey
        ? 'pan'
        : event.ctrlKey || event.metaKey
          ? 'zoom'
          : 'cursor';
  event.preventDefault();
  pane.stage.setPointerCapture(event.pointerId);
  let last = { x: event.clientX, y: event.clientY };
  const act = (e: PointerEvent) => {
    const [dx, dy] = [e.clientX - last.x, e.clientY - last.y];
    last = { x: e.clientX, y: e.clientY };
    if (kind === 'cursor') {
      const place = pane.placeAt(e);
      if (place) update((state) => toCursor(state, place.row, place.column));
    } else if (dx === 0 && dy === 0) return;
    else if (kind === 'pan') update((state) => pan(state, dx / size.x, dy / size.y));
    else if (kind === 'zoom') update((state) => zoom(state, Math.exp(-dy / 150)));
    else update((state) => dragWindow(state, dx, dy));
  };
  act(event);
  const move = (e: Event) => act(e as PointerEvent);
  pane.stage.addEventListener('pointermove', move);
  pane.stage.addEventListener(
    'lostpointercapture',
    () => {
      pane.stage.removeEventListener('pointermove', move);
      update(rest);
    },
    { once: true },
  );
}
