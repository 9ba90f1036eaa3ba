import { encodeAttributes } from './attributes';
import {
  ancestors,
  elementTypes,
  GraphError,
  type Graph,
  type TensorData,
  type Value,
} from './graph';
import { ModelProto } from './onnx-schema';

const opset = 17;
const irVersion = 8;

export interface OnnxOptions {
  /** Data of parameters that become constants of the model; the others become its inputs. */
  weights?: ReadonlyMap<string, Float32Array>;
  /** Writes the first extent of inputs and outputs as the symbol `batch`. */
  dynamicBatch?: boolean;
  metadata?: Readonly<Record<string, string>>;
}

/**
 * The graph's named outputs, and what they depend on, as a serialised ONNX model (opset 17).
 * @throws GraphError for an operator that ONNX has not, which is for `lower` to replace
 */
export function toOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  const nodes = ancestors(graph.outputs.values());
  for (const { operator, name } of nodes)
    if (operator.expand)
      throw new GraphError(`ONNX has no operator ${operator.name}, as ${name} is`);
  const used = new Set<Value>(graph.outputs.values());
  for (const node of nodes) node.inputs.forEach((input) => used.add(input));

  // An output takes its public name where a node makes it; an Identity stands in where that name is not free.
  const names = new Map<Value, string>();
  const identities: object[] = [];
  for (const [name, value] of graph.outputs)
    if (value.node && !names.has(value)) names.set(value, name);
    else
      identities.push({
        input: [names.get(value) ?? value.name],
        output: [name],
        name,
        opType: 'Identity',
      });
  const nameOf = (value: Value) => names.get(value) ?? value.name;

  const parameters = [...graph.parameters.values()].filter((p) => used.has(p.value));
  const constants = [...graph.constants].filter(([value]) => used.has(value));
  const inputs = [
    ...graph.inputs.filter((input) => used.has(input)),
    ...parameters.filter((p) => !options.weights?.has(p.name)).map((p) => p.value),
  ];
  const domains = new Set([...nodes].map((node) => node.operator.domain ?? ''));
  const info = (value: Value, name: string, dynamic: boolean) => ({
    name,
    type: {
      tensorType: {
        elemType: elementTypes[value.type],
        shape: {
          dim: value.shape.map((n, i) =>
            dynamic && i === 0 ? { dimParam: 'batch' } : { dimValue: n },
          ),
        },
      },
    },
  });
  const dynamic = options.dynamicBatch ?? false;

  return ModelProto.encode({
    irVersion,
    producerName: 'MedDistill',
    opsetImport: [
      { domain: '', version: opset },
      ...[...domains].filter((d) => d !== '').map((domain) => ({ domain, version: 1 })),
    ],
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'graph',
      node: [
        ...graph.nodes
          .filter((node) => nodes.has(node))
          .map((node) => ({
            input: node.inputs.map(nameOf),
            output: node.outputs.map(nameOf),
            name: node.name,
            opType: node.operator.name,
            domain: node.operator.domain ?? '',
            attribute: encodeAttributes(node.operator, node.attributes),
          })),
        ...identities,
      ],
      initializer: [
        ...constants.map(([value, data]) => tensorProto(value.name, value, data)),
        ...parameters.flatMap((p) => {
          const data = options.weights?.get(p.name);
          return data ? [tensorProto(p.name, p.value, data)] : [];
        }),
      ],
      input: inputs.map((value) => info(value, value.name, dynamic)),
      output: [...graph.outputs].map(([name, value]) => info(value, name, dynamic)),
    },
  }).finish();
}

function tensorProto(name: string, value: Value, data: TensorData) {
  return {
    name,
    dims: value.shape,
    dataType: elementTypes[value.type],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
