import { nativeRuntime } from './onnxruntime/native';
import { wasmRuntime } from './onnxruntime/wasm';
import type { Runtime } from './runtime';
import { tensorflowRuntime } from './tensorflow/tensorflow';

/** Every runtime there is. None is loaded before its first use. */
export const runtimes = [nativeRuntime, wasmRuntime, tensorflowRuntime] as const;

const declarations = runtimes.flatMap((runtime) => [...runtime.devices]);
/** The name of a device of any runtime, as its runtime declares it. */
type DeclaredName = (typeof declarations)[number]['name'];
/** What a device is asked for by. */
export type DeviceName = 'auto' | DeclaredName;

const choices: readonly { readonly name: DeviceName; readonly title: string }[] = [
  { name: 'auto', title: 'The fastest that starts.' },
  ...declarations,
];
/** What people choose from, in the order in which it is listed. */
export const deviceNames: readonly DeviceName[] = choices.map(({ name }) => name);
/** A sentence on each, in that order. */
export const deviceTitles = Object.fromEntries(
  choices.map(({ name, title }) => [name, title]),
) as Readonly<Record<DeviceName, string>>;

/** The order in which `auto` tries devices. */
export const preference: readonly DeclaredName[] = [...declarations]
  .sort((a, b) => b.preference - a.preference)
  .map(({ name }) => name);

/** The runtime that has a device. */
export function runtimeOf(device: string): Runtime {
  const found = runtimes.find((runtime) => runtime.devices.some(({ name }) => name === device));
  if (!found) throw new Error(`no runtime has a device "${device}"`);
  return found;
}
