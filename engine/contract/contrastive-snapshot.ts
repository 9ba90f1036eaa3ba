/**
 * Types only: the contrastive graphs of a batch of `images` anchors with `views` augmented views each, of both networks.
 * Edges are cosines. View number i * views + j is image i's view j; `graphs/views/b{i}-v{j + 1}.png` shows it, v0 the anchor.
 */
export interface ContrastiveSnapshot {
  step: number;
  images: number;
  views: number;
  /** Each image's domain. */
  domains: string[];
  /** Edges from each anchor to its views, [images][views]. */
  intra: { teacher: number[][]; student: number[][] };
  /**
   * Edges between all views, [images * views][images * views]. With scope `image` the method's graph has only those between views of
   * one image; the diagonal is no edge.
   */
  inter: { scope: 'image' | 'batch'; teacher: number[][]; student: number[][] };
  /** Vectors on the two leading principal components of both networks' unit vectors; one entry a row, anchors first, then views. */
  vectors: {
    /** Share of the variance on each component. */
    explained: [number, number];
    teacher: [x: number, y: number][];
    student: [x: number, y: number][];
    domain: string[];
    kind: ('anchor' | 'view')[];
  };
}
