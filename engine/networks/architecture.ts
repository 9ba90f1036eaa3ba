import type { Static, TObject, TProperties } from 'typebox';
import type { Value } from '../graph/graph';
import type { Named } from '../options';
import type { Layers } from './layers';

/** A kind of segmentation network as encoder, bottleneck and decoder. Each is a file of its own, listed in catalogue.ts. */
export interface Architecture<
  N extends string = string,
  P extends TProperties = TProperties,
> extends Named<N, P> {
  /** Where it was published. */
  readonly source: string;
  /** What it is with its default options, for the choice by name alone. */
  readonly byDefault: string;
  /** By how much the bottleneck is smaller than the image; sizes must be multiples of it. */
  stride(options: Static<TObject<P>>): number;
  /** [n, channels, h, w] -> the bottleneck [n, C, h / stride, w / stride] and what the decoder takes beside it. */
  encode(layers: Layers, x: Value, options: Static<TObject<P>>): Encoding;
  /** -> logits [n, classes + 1, h, w]; channel 0 is the background. */
  decode(layers: Layers, encoding: Encoding, classes: number, options: Static<TObject<P>>): Value;
  /** The one option to change, and its next value, with which images of this size can be taken; null: there is none. */
  fitting?(
    options: Static<TObject<P>>,
    size: readonly number[],
  ): { option: keyof P & string; value: number } | null;
}

export interface Encoding {
  bottleneck: Value;
  skips: Value[];
}

/** Declares an architecture, with its types taken from its name and options. */
export const architecture = <const N extends string, P extends TProperties>(
  it: Architecture<N, P>,
): Architecture<N, P> => it;
