import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** On Linux, where WebGPU runs on Vulkan: what it needs and this machine lacks; null where nothing is seen to be missing. */
export function missingForVulkan(): string | null {
  if (process.platform !== 'linux') return null;
  const libraries = [
    ...(process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== ''),
    ...[
      '/usr/lib/x86_64-linux-gnu',
      '/usr/lib/aarch64-linux-gnu',
      '/usr/lib64',
      '/usr/lib',
      '/lib64',
    ],
    '/usr/local/lib',
  ];
  if (!libraries.some((folder) => existsSync(join(folder, 'libvulkan.so.1'))))
    return 'libvulkan.so.1 is not installed';
  // Who names a driver means it, also one in software.
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  const cards = ['/dev/dri', '/dev/nvidia0', '/dev/dxg'];
  if (!VK_ICD_FILENAMES && !VK_DRIVER_FILES && !cards.some((path) => existsSync(path)))
    return 'there is no graphics card';
  return null;
}
