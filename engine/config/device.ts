import type { Static } from 'typebox';
import { choice } from '../options';

/** Where the networks can run, each in a sentence. */
const devices = {
  auto: 'The fastest that starts.',
  cpu: 'The processor.',
  webgpu: 'A GPU through WebGPU (Vulkan, Metal or Direct3D 12).',
  cuda: 'An NVIDIA GPU with CUDA 12.',
  directml: 'A GPU on Windows.',
  coreml: "Apple's Core ML.",
  wasm: 'The processor through WebAssembly: slower, on every platform.',
};

export const deviceChoice = choice(devices, {
  markdownDescription: 'Where the networks run.',
  default: 'auto',
});

export type DeviceName = Static<typeof deviceChoice>;
