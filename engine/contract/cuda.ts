/** ONNX Runtime's CUDA libraries, which are installed apart: types only. */

/** NVIDIA's driver, as its own tool tells. */
export interface Driver {
  /** The first GPU's name. */
  gpu: string;
  version: string;
  /** The newest version of CUDA that it serves; null where the tool does not tell. */
  cuda: string | null;
}

/** What an installation says of itself. */
export interface Installation {
  /** Of ONNX Runtime. */
  version: string;
  package: string;
  /** The version of CUDA that its libraries are built for. */
  cuda: string;
  /** Of the package, base64. */
  sha512: string;
  /** Path within the folder -> bytes. */
  files: Readonly<Record<string, number>>;
}

/** What of CUDA this machine has. */
export interface CudaStatus {
  /** Of the ONNX Runtime that the product brings. */
  version: string;
  /** Null where none is installed for that version. */
  installed: Installation | null;
  folder: string;
  /** Versions for which something lies there that is not used. */
  unused: string[];
  /** Null where `nvidia-smi` does not run. */
  driver: Driver | null;
  /** Libraries of the system that the installed ones need and that the loader does not find. */
  missing: string[];
}

/** Where ONNX Runtime's own package gets its CUDA libraries from. */
export interface CudaSource {
  /** Address of the feed's index. */
  index: string;
  package: string;
  version: string;
  /** The version of CUDA that they are built for. */
  cuda: string;
  /** Name beside the runtime -> path in the package. */
  files: Readonly<Record<string, string>>;
}

/** A package as its feed describes it. */
export interface CudaOffer {
  url: string;
  bytes: number;
  /** Base64. */
  sha512: string;
}

export interface CudaCalls {
  /** Asks nothing of the network. */
  cudaStatus: { params: null; result: { status: CudaStatus; source: CudaSource } };
  /** Asks the feed for the package's size and checksum. */
  lookUpCuda: { params: null; result: CudaOffer };
  /** Downloads and installs what was looked up; progress comes as notifications. */
  installCuda: { params: CudaOffer; result: Installation };
  /** True where there was something. */
  removeCuda: { params: null; result: boolean };
}
