import { arrayKernels } from './arrays';
import { convolutionKernels } from './convolution';
import { elementwiseKernels } from './elementwise';
import { imageKernels } from './images';
import type { Kernel } from './kernel';

/** How TensorFlow.js computes each operator, by the operator's key. What has an expansion and is not here is expanded. */
export const kernels: ReadonlyMap<string, Kernel> = new Map(
  [arrayKernels, convolutionKernels, elementwiseKernels, imageKernels].flatMap((family) =>
    Object.entries(family),
  ),
);
