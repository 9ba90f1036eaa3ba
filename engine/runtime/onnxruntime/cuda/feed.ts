import type { CudaOffer, CudaSource } from '../../../contract/cuda';
import { UserError } from '../../../errors';
import { bundledVersion } from './machine';

/** What onnxruntime-node's own installer reads. */
interface InstallMetadata {
  requirements: Record<string, string[] | undefined>;
  manifests: Record<string, Record<string, { package: string; path: string }> | undefined>;
  packages: Record<
    string,
    { name: string; versions: Record<string, { feed: string; version: string }[]> }
  >;
  feeds: Record<string, { type: string; index: string }>;
}

/** CUDA is one provider of those in the package; TensorRT, which nothing here asks for, is left out. */
const wanted = /^libonnxruntime_providers_(cuda|shared)\.so$/;

/**
 * The source for this machine, from what the installed onnxruntime-node says of itself.
 * @throws UserError where it has none for this platform
 */
export function cudaSource(): CudaSource {
  const loaded = bundledVersion();
  const platform = `${process.platform}/${process.arch}`;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const metadata = require('onnxruntime-node/script/install-metadata.js') as InstallMetadata;
  const requirement = metadata.requirements[platform]?.find((name) => /^cuda\d+$/.test(name));
  const manifest = metadata.manifests[`${platform}:${requirement}`];
  if (requirement === undefined || !manifest)
    throw new UserError(
      `ONNX Runtime has no CUDA libraries for ${process.platform} ${process.arch}; it has them for linux x64.`,
    );
  const entries = Object.entries(manifest)
    .map(([name, entry]) => ({ name: name.replace(/^\.\//, ''), ...entry }))
    .filter(({ name }) => wanted.test(name));
  const { name, versions } = metadata.packages[entries[0].package];
  const [{ feed, version }] = Object.values(versions).flat();
  if (version !== loaded)
    throw new UserError(`${name} is offered in version ${version}, and ONNX Runtime is ${loaded}.`);
  return {
    index: metadata.feeds[feed].index,
    package: name,
    version,
    cuda: requirement.replace('cuda', ''),
    files: Object.fromEntries(entries.map((entry) => [entry.name, entry.path])),
  };
}

/**
 * Asks the feed (NuGet's protocol, version 3) for the package's address, size and SHA-512.
 * @throws UserError where it does not answer or says something else
 */
export async function lookUp(source: CudaSource, signal?: AbortSignal): Promise<CudaOffer> {
  const index = await readJson<{ resources?: { '@type'?: unknown; '@id'?: unknown }[] }>(
    source.index,
    signal,
  );
  const resource = (type: RegExp): string => {
    const found = index.resources?.find((entry) => type.test(String(entry['@type'])));
    if (typeof found?.['@id'] !== 'string')
      throw new UserError(`${source.index} names no ${type.source.slice(1).split('\\')[0]}.`);
    return found['@id'].replace(/\/?$/, '/');
  };
  const id = source.package.toLowerCase();
  const version = source.version.toLowerCase();
  const base = resource(/^PackageBaseAddress\/3/);
  const leafAddress = `${resource(/^RegistrationsBaseUrl\/3/)}${id}/${version}.json`;
  const leaf = await readJson<{ catalogEntry?: unknown }>(leafAddress, signal);
  const entry = (
    typeof leaf.catalogEntry === 'string'
      ? await readJson(leaf.catalogEntry, signal)
      : leaf.catalogEntry
  ) as Record<string, unknown> | undefined;
  const { packageHash, packageHashAlgorithm, packageSize } = entry ?? {};
  if (
    typeof packageHash !== 'string' ||
    packageHashAlgorithm !== 'SHA512' ||
    !Number.isSafeInteger(packageSize) ||
    (packageSize as number) <= 0
  )
    throw new UserError(`${leafAddress} tells no size and SHA-512 of ${source.package}.`);
  return {
    url: safe(`${base}${id}/${version}/${id}.${version}.nupkg`),
    bytes: packageSize as number,
    sha512: packageHash,
  };
}

async function readJson<T>(address: string, signal?: AbortSignal): Promise<T> {
  const response = await get(address, signal);
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new UserError(`${address} does not answer with JSON.`);
  }
}

/** @throws UserError where the answer is no success; whatever the signal brings */
export async function get(address: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(safe(address), { signal });
  } catch (error) {
    if (signal?.aborted || error instanceof UserError) throw error;
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    throw new UserError(
      `${address} cannot be reached (${cause?.code ?? cause?.message ?? message}).`,
    );
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new UserError(`${address} answers ${response.status} ${response.statusText}.`);
  }
  return response;
}

/** What the feed says is trusted for its checksum, so it must come over TLS; this machine itself is not asked for that. */
function safe(address: string): string {
  const { protocol, hostname } = new URL(address);
  if (protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1')) return address;
  throw new UserError(`${address} is no https address.`);
}
