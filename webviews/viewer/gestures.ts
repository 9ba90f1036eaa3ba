import { on } from '../shared/dom';
import type { Pane } from './pane';

/** A pixel of the image; a drag may leave it. */
interface Pixel {
  row: number;
  column: number;
}

/** What the mouse asks for over a pane. */
export interface GestureActions {
  onSlices(by: 1 | -1): void;
  onZoom(factor: number): void;
  /** In image pixels. */
  onPan(x: number, y: number): void;
  /** In pixels of the screen: to the right wider, downwards lower. */
  onWindow(wider: number, lower: number): void;
  /** Pressed or dragged. */
  onCursor(place: Pixel): void;
  /** Moved over. */
  onHover(place: Pixel): void;
  /** A drag is over. */
  onRest(): void;
  /** A double click. */
  onAlone(): void;
}

/** The wheel goes through slices, with Ctrl it zooms; drags move the cursor, with Shift pan, with Ctrl zoom, with the right button window. */
export function bindGestures(pane: Pane, actions: GestureActions): void {
  // Of the wheel, not yet a slice.
  let turned = 0;
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    if (event.ctrlKey) return actions.onZoom(Math.exp(-event.deltaY / 300));
    turned += event.deltaMode === 0 ? event.deltaY / 40 : event.deltaY / 3;
    const steps = Math.trunc(turned);
    turned -= steps;
    if (steps !== 0) actions.onSlices(steps > 0 ? 1 : -1);
  };
  on(pane.stage, {
    wheel: (event) => wheel(event as WheelEvent),
    pointerdown: (event) => drag(pane, event as PointerEvent, actions),
    pointermove: (event) => {
      const place = (event as PointerEvent).buttons === 0 && pane.placeAt(event as PointerEvent);
      if (place) actions.onHover(place);
    },
    contextmenu: (event) => event.preventDefault(),
    dblclick: () => actions.onAlone(),
  });
}

function drag(pane: Pane, event: PointerEvent, actions: GestureActions): void {
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
      if (place) actions.onCursor(place);
    } else if (dx === 0 && dy === 0) return;
    else if (kind === 'pan') actions.onPan(dx / size.x, dy / size.y);
    else if (kind === 'zoom') actions.onZoom(Math.exp(-dy / 150));
    else actions.onWindow(dx, dy);
  };
  act(event);
  const move = (e: Event) => act(e as PointerEvent);
  pane.stage.addEventListener('pointermove', move);
  pane.stage.addEventListener(
    'lostpointercapture',
    () => {
      pane.stage.removeEventListener('pointermove', move);
      actions.onRest();
    },
    { once: true },
  );
}
