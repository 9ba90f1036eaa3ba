import type { CudaOffer, CudaSource, CudaStatus } from '../contract/cuda';

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const hostOf = (address: string) => new URL(address).host;

/** What this machine has of CUDA, line by line. */
export function cudaStatusLines(status: CudaStatus): string[] {
  const { version, installed, folder, unused, driver, missing } = status;
  const bytes = Object.values(installed?.files ?? {}).reduce((sum, n) => sum + n, 0);
  return [
    driver
      ? `Driver: ${driver.version} of ${driver.gpu}${driver.cuda === null ? '' : `, for CUDA up to ${driver.cuda}`}.`
      : 'Driver: none is found; nvidia-smi does not run.',
    installed
      ? `CUDA libraries of ONNX Runtime ${version}, for CUDA ${installed.cuda}: in ${folder}, ${megabytes(bytes)}.`
      : `CUDA libraries of ONNX Runtime ${version}: not installed.`,
    ...(missing.length ? [`Missing on this machine: ${missing.join(', ')}.`] : []),
    ...unused.map(
      (other) => `Not used: what lies in ${folder.replace(/[^/]*$/, '')} for ${other}.`,
    ),
  ];
}

/** Before anything is asked of the network. */
export function questionBeforeLookUp(source: CudaSource, { folder, driver }: CudaStatus): string {
  const served = Number.parseInt(driver?.cuda ?? '', 10);
  const lacking = !driver
    ? ' No NVIDIA driver is found here, and without one they are of no use.'
    : served < Number(source.cuda)
      ? ` The driver here serves CUDA up to ${driver.cuda} only.`
      : '';
  return (
    `ONNX Runtime's CUDA libraries (${source.package} ${source.version}, for CUDA ${source.cuda}) would come from ${hostOf(source.index)} and go to ` +
    `${folder}.${lacking} May that server be asked for their size?`
  );
}

/** Before the download. */
export const questionBeforeDownload = ({ url, bytes }: CudaOffer): string =>
  `It is a download of ${megabytes(bytes)} from ${hostOf(url)}, which is compared with its SHA-512. Download and install it?`;
