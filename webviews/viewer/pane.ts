import { h, on, setText } from '../shared/dom';
import { cornerstone, type CornerstoneImage } from './cornerstone';
import { cssColor, type Rgb } from './colors';
import { outline, paint } from './overlay';
import type { PaneName } from './layers';

/** How all panes look at the image. */
export interface Look {
  /** 1: the image fits the pane. */
  zoom: number;
  /** In pixels of the image. */
  pan: { x: number; y: number };
  window: { low: number; high: number };
  overlay: 'fill' | 'contour' | 'none';
  opacity: number;
  cursor: { row: number; column: number } | null;
}

/** A map of values over the image, and the colour of each value. */
export interface PaneOverlay {
  map: Uint8Array;
  colors: readonly (Rgb | null | undefined)[];
}

/** From how many screen pixels on an image's pixels are shown as squares. */
const squareFrom = 8;

/** One picture of the viewer: a cornerstone element with an overlay, letters at its edges and a title. */
export class Pane {
  readonly element: HTMLElement;
  /** Where pointers act. */
  readonly stage: HTMLElement;
  private readonly surface = h('div', { class: 'surface' });
  private readonly caption = h('span', { class: 'caption' });
  private readonly figure = h('span', { class: 'figure' });
  private readonly notice = h('p', { class: 'notice', role: 'alert', hidden: true });
  private readonly banner = h('p', { class: 'banner', role: 'status', hidden: true });
  private readonly letters = ['left', 'right', 'top', 'bottom'].map((side) =>
    h('span', { class: `letter ${side}`, 'aria-hidden': 'true' }),
  );
  private image: CornerstoneImage | null = null;
  private overlay: PaneOverlay | null = null;
  /** The overlay as it is drawn: made when it is first needed. */
  private fill: HTMLCanvasElement | null = null;
  private contours: { color: Rgb; path: Path2D }[] | null = null;
  private look: Look | null = null;
  private ratio = 1;

  constructor(
    readonly name: PaneName,
    title: string,
    tools: readonly HTMLElement[] = [],
  ) {
    this.stage = h(
      'div',
      { class: 'stage', tabindex: '0', role: 'img', 'aria-label': title },
      this.surface,
      ...this.letters,
      this.notice,
      this.banner,
    );
    this.element = h(
      'section',
      { class: 'pane', 'aria-label': title },
      h('header', {}, this.caption, this.figure, ...tools),
      this.stage,
    );
    this.element.dataset['pane'] = name;
    setText(this.caption, title);
    cornerstone.enable(this.surface);
    on(this.surface, {
      cornerstoneimagerendered: (event) => this.drawOver(event as CustomEvent<RenderedDetail>),
    });
  }

  /** What stands beside the title, a Dice for one. */
  setFigure(text: string): void {
    setText(this.figure, text);
  }

  setLabel(text: string): void {
    this.stage.setAttribute('aria-label', text);
  }

  setLetters(sides: { left: string; right: string; top: string; bottom: string } | null): void {
    const texts = sides ? [sides.left, sides.right, sides.top, sides.bottom] : ['', '', '', ''];
    this.letters.forEach((letter, n) => setText(letter, texts[n]));
  }

  /** Shows a slice in the look that was set; an error takes its place. */
  show(
    image: CornerstoneImage | { error: string },
    overlay: PaneOverlay | { error: string } | null,
  ): void {
    const failed = 'error' in image ? image.error : null;
    this.setNotice(failed);
    const missing = overlay && 'error' in overlay ? overlay.error : null;
    this.banner.hidden = missing === null || failed !== null;
    setText(this.banner, missing ?? '');
    if ('error' in image) return;
    this.overlay = overlay && 'map' in overlay ? overlay : null;
    this.fill = null;
    this.contours = null;
    const first = this.image === null;
    this.image = image;
    if (first) this.fitSize();
    cornerstone.displayImage(this.surface, image, this.viewport());
  }

  /** Takes the image away until the next one is shown: what is there belongs to another view. */
  clear(): void {
    this.surface.classList.add('void');
    this.setLetters(null);
  }

  setTitle(title: string): void {
    setText(this.caption, title);
  }

  /** A sentence in place of the image. */
  setNotice(text: string | null): void {
    this.notice.hidden = text === null;
    setText(this.notice, text ?? '');
    this.surface.classList.toggle('void', text !== null);
  }

  setLook(look: Look): void {
    this.look = look;
    if (this.image) cornerstone.setViewport(this.surface, this.viewport());
  }

  /** Takes the size that the pane has now, in pixels of the screen. */
  fitSize(): void {
    const { clientWidth, clientHeight } = this.stage;
    if (clientWidth === 0 || clientHeight === 0) return;
    // cornerstone draws one pixel a CSS pixel: it gets an element of as many as the screen has, shrunk again.
    this.ratio = window.devicePixelRatio || 1;
    this.surface.style.width = `${Math.round(clientWidth * this.ratio)}px`;
    this.surface.style.height = `${Math.round(clientHeight * this.ratio)}px`;
    this.surface.style.transform = `scale(${1 / this.ratio})`;
    cornerstone.resize(this.surface, false);
    if (this.image) cornerstone.setViewport(this.surface, this.viewport());
  }

  /** Row and column of the image under a pointer; may lie outside. */
  placeAt(event: MouseEvent): { row: number; column: number } | null {
    if (!this.image) return null;
    const box = this.stage.getBoundingClientRect();
    const at = cornerstone.canvasToPixel(this.surface, {
      x: (event.clientX - box.left) * this.ratio,
      y: (event.clientY - box.top) * this.ratio,
    } as never);
    return { row: Math.floor(at.y), column: Math.floor(at.x) };
  }

  /** Size of an image's pixel on the screen, in CSS pixels. */
  pixelSize(): { x: number; y: number } | null {
    if (!this.image) return null;
    const at = (x: number, y: number) =>
      cornerstone.pixelToCanvas(this.surface, { x, y } as never) as { x: number; y: number };
    const [origin, next] = [at(0, 0), at(1, 1)];
    return { x: (next.x - origin.x) / this.ratio, y: (next.y - origin.y) / this.ratio };
  }

  dispose(): void {
    cornerstone.disable(this.surface);
    this.element.remove();
  }

  private viewport(): cornerstone.Viewport {
    const { zoom, pan, window } = this.look!;
    const image = this.image!;
    const canvas = this.surface.querySelector('canvas')!;
    const fit = fitScale(canvas, image);
    const smallest = Math.min(image.columnPixelSpacing, image.rowPixelSpacing);
    const scale = Math.max(1e-3, fit * zoom);
    return {
      scale,
      translation: { ...pan },
      voi: {
        windowWidth: Math.max(1e-6, window.high - window.low),
        windowCenter: (window.high + window.low) / 2,
      },
      invert: false,
      pixelReplication: smallest > 0 && scale >= squareFrom * this.ratio,
      rotation: 0,
      hflip: false,
      vflip: false,
    };
  }

  private drawOver({ detail: { canvasContext: context } }: CustomEvent<RenderedDetail>): void {
    if (!this.image || !this.look) return;
    const { rows, columns } = this.image;
    const { overlay: mode, opacity, cursor } = this.look;
    const toScreen = context.getTransform();
    context.save();
    if (this.overlay && mode === 'fill') {
      this.fill ??= pixelCanvas(paint(this.overlay.map, this.overlay.colors), rows, columns);
      context.imageSmoothingEnabled = false;
      context.globalAlpha = opacity;
      context.drawImage(this.fill, 0, 0);
    }
    // Lines keep their width on the screen, whatever the zoom.
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (this.overlay && mode === 'contour') {
      this.contours ??= contoursOf(this.overlay, rows, columns);
      context.globalAlpha = Math.max(0.2, opacity);
      context.lineWidth = 1.75 * this.ratio;
      for (const { color, path } of this.contours) {
        const onScreen = new Path2D();
        onScreen.addPath(path, toScreen);
        context.strokeStyle = cssColor(color);
        context.stroke(onScreen);
      }
    }
    if (cursor && inside(cursor, rows, columns)) this.drawCursor(context, toScreen, cursor);
    context.restore();
  }

  private drawCursor(
    context: CanvasRenderingContext2D,
    toScreen: DOMMatrix,
    { row, column }: { row: number; column: number },
  ): void {
    const { x, y } = toScreen.transformPoint({ x: column + 0.5, y: row + 0.5 });
    const gap = 6 * this.ratio;
    const { width, height } = context.canvas;
    context.globalAlpha = 0.9;
    // White on black is seen on any image.
    for (const [color, line] of [
      ['#000', 3],
      ['#fff', 1],
    ] as const) {
      context.beginPath();
      for (const [x1, y1, x2, y2] of [
        [0, y, x - gap, y],
        [x + gap, y, width, y],
        [x, 0, x, y - gap],
        [x, y + gap, x, height],
      ]) {
        context.moveTo(x1, y1);
        context.lineTo(x2, y2);
      }
      context.strokeStyle = color;
      context.lineWidth = line * this.ratio;
      context.stroke();
    }
  }
}

interface RenderedDetail {
  canvasContext: CanvasRenderingContext2D;
}

/** The scale at which an image fits, as cornerstone counts it: its smaller pixel side is the unit. */
function fitScale(
  { width, height }: { width: number; height: number },
  { columns, rows, columnPixelSpacing, rowPixelSpacing }: CornerstoneImage,
): number {
  const unit = Math.min(columnPixelSpacing, rowPixelSpacing);
  return Math.min(
    width / ((columns * columnPixelSpacing) / unit),
    height / ((rows * rowPixelSpacing) / unit),
  );
}

const inside = (
  { row, column }: { row: number; column: number },
  rows: number,
  columns: number,
): boolean => row >= 0 && row < rows && column >= 0 && column < columns;

function pixelCanvas(
  pixels: Uint8ClampedArray<ArrayBuffer>,
  rows: number,
  columns: number,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return canvas;
}

function contoursOf(
  { map, colors }: PaneOverlay,
  rows: number,
  columns: number,
): { color: Rgb; path: Path2D }[] {
  const present = new Set(map);
  return [...colors.entries()].flatMap(([value, color]) => {
    if (!color || !present.has(value)) return [];
    const path = new Path2D();
    const segments = outline(map, rows, columns, value);
    for (let n = 0; n < segments.length; n += 4) {
      path.moveTo(segments[n], segments[n + 1]);
      path.lineTo(segments[n + 2], segments[n + 3]);
    }
    return [{ color, path }];
  });
}
