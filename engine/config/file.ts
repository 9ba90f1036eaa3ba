/** The type of a `*.distill.jsonc` file, made from distill.schema.json by `npm run schema`. */

export interface Distillation {
  $schema?: string;
  variables?: {
    [k: string]: string;
  };
  /**
   * @minItems 1
   * @maxItems 254
   */
  classes: [string, ...string[]];
  domains: {
    [k: string]: Domain;
  };
  input?: {
    size?: number | [number, number];
    fit?: 'resize' | 'patch';
    spacing?: number;
    overlap?: number;
  };
  teacher: ('unet' | 'mobilenetv2-unet') | UNet | MobileNetV2UNet;
  student: ('unet' | 'mobilenetv2-unet') | UNet | MobileNetV2UNet;
  method?: {
    psae?: {
      input?: 'mask' | 'image';
      channels?: number;
    };
    act?: {
      output?: number;
      regularisation?: number;
      consistency?: number;
    };
    augmentations?: number;
    temperature?: number;
    graphLoss?: 'kl' | 'mse';
    intra?: {
      weight?: number;
    };
    inter?: {
      weight?: number;
      scope?: 'image' | 'batch';
    };
    cross?: {
      weight?: number;
      scope?: 'image' | 'views';
    };
    scale?: 'match' | 'none';
    studentStart?: 'warmup' | 'random';
    fsd?: {
      dims?: number;
      vectors?: number;
    };
  };
  training?: {
    seed?: number;
    budget?: number;
    batchSize?: number;
    learningRate?: number;
    optimizer?: Adam | AdamW | SGD;
    schedule?: ConstantSchedule | CosineSchedule | PolynomialSchedule | StepSchedule;
    clipNorm?: number;
    loss?: {
      crossEntropy?: number;
      dice?: number;
    };
    augmentation?: {
      flip?: {
        horizontal?: number;
        vertical?: number;
      };
      rotate?: number;
      scale?: number;
      translate?: number;
      contrast?: number;
      brightness?: number;
      gamma?: number;
      noise?: number;
      blur?: number;
    };
    evaluateEvery?: number;
    checkpointEvery?: number;
    stages?: {
      teacher?: {
        steps?: number;
        batchSize?: number;
        learningRate?: number;
      };
      warmup?: {
        steps?: number;
        batchSize?: number;
        learningRate?: number;
      };
      psae?: {
        steps?: number;
        batchSize?: number;
        learningRate?: number;
      };
      act?: {
        steps?: number;
        batchSize?: number;
        learningRate?: number;
      };
      distill?: {
        steps?: number;
        batchSize?: number;
        learningRate?: number;
      };
    };
  };
  evaluation?: {
    aggregate?: 'case' | 'slice' | 'global';
    threshold?: ('argmax' | 'source') | number;
    bootstrap?: number;
    confidence?: number;
    watch?: number;
    keepLargest?: string[];
  };
  device?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'directml' | 'coreml' | 'wasm';
  threads?: number;
  output?: {
    folder?: string;
    predictions?: boolean;
    probabilities?: boolean;
    errors?: boolean;
  };
  cache?: {
    folder?: string;
    gigabytes?: number;
  };
}
export interface Domain {
  role: 'source' | 'target';
  images: string;
  labels: string;
  masks?: string;
  values?: {
    [k: string]: number | [number, ...number[]] | Above | Color;
  };
  channel?: 'grey' | 'red' | 'green' | 'blue' | 'rgb';
  intensity?: Window | Normalize;
  clahe?: boolean | Clahe;
  /**
   * @minItems 2
   * @maxItems 2
   */
  spacing?: [number, number];
  orientation?: string;
  series?: string;
  frame?: number;
  axis?: 'axial' | 'coronal' | 'sagittal';
  fov?: 'provided' | 'estimated' | 'none';
  split?: SplitShares | SplitLists;
  maxCases?: number;
  maxSlices?: number;
}
export interface Above {
  above: number;
}
export interface Color {
  /**
   * @minItems 3
   * @maxItems 3
   */
  color: [number, number, number];
  tolerance?: number;
}
export interface Window {
  /**
   * @minItems 2
   * @maxItems 2
   */
  window: [number, number];
}
export interface Normalize {
  normalize: 'zscore' | 'minmax' | 'percentile';
}
export interface Clahe {
  clipLimit?: number;
  tiles?: number;
}
export interface SplitShares {
  train: number;
  validation: number;
  test: number;
}
export interface SplitLists {
  train: string[];
  validation: string[];
  test: string[];
}
export interface UNet {
  network: 'unet';
  width?: number;
  depth?: number;
  weights?: string;
}
export interface MobileNetV2UNet {
  network: 'mobilenetv2-unet';
  width?: number;
  weights?: string;
}
export interface Adam {
  name: 'adam';
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
}
export interface AdamW {
  name: 'adamw';
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
}
export interface SGD {
  name: 'sgd';
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
}
export interface ConstantSchedule {
  name: 'constant';
  warmup?: number;
}
export interface CosineSchedule {
  name: 'cosine';
  final?: number;
  warmup?: number;
}
export interface PolynomialSchedule {
  name: 'polynomial';
  power?: number;
  warmup?: number;
}
export interface StepSchedule {
  name: 'step';
  milestones?: number[];
  gamma?: number;
  warmup?: number;
}
