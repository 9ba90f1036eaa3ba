import { Root, type INamespace } from 'protobufjs/light';
import { ancestors, type Attribute, type Graph, type TensorData, type Value } from './graph';

/** The part of ONNX's protobuf schema that is written here; field numbers from the ONNX specification. */
const schema: INamespace = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: { id: 1, type: 'int64' },
        producerName: { id: 2, type: 'string' },
        producerVersion: { id: 3, type: 'string' },
        docString: { id: 6, type: 'string' },
        graph: { id: 7, type: 'GraphProto' },
        opsetImport: { id: 8, type: 'OperatorSetIdProto', rule: 'repeated' },
        metadataProps: { id: 14, type: 'StringStringEntryProto', rule: 'repeated' },
      },
    },
    OperatorSetIdProto: {
      fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } },
    },
    StringStringEntryProto: {
      fields: { key: { id: 1, type: 'string' }, value: { id: 2, type: 'string' } },
    },
    GraphProto: {
      fields: {
        node: { id: 1, type: 'NodeProto', rule: 'repeated' },
        name: { id: 2, type: 'string' },
        initializer: { id: 5, type: 'TensorProto', rule: 'repeated' },
        input: { id: 11, type: 'ValueInfoProto', rule: 'repeated' },
        output: { id: 12, type: 'ValueInfoProto', rule: 'repeated' },
      },
    },
    NodeProto: {
      fields: {
        input: { id: 1, type: 'string', rule: 'repeated' },
        output: { id: 2, type: 'string', rule: 'repeated' },
        name: { id: 3, type: 'string' },
        opType: { id: 4, type: 'string' },
        attribute: { id: 5, type: 'AttributeProto', rule: 'repeated' },
        domain: { id: 7, type: 'string' },
      },
    },
    AttributeProto: {
      fields: {
        name: { id: 1, type: 'string' },
        f: { id: 2, type: 'float' },
        i: { id: 3, type: 'int64' },
        s: { id: 4, type: 'bytes' },
        ints: { id: 8, type: 'int64', rule: 'repeated', options: { packed: false } },
        type: { id: 20, type: 'int32' },
      },
    },
    TensorProto: {
      fields: {
        dims: { id: 1, type: 'int64', rule: 'repeated', options: { packed: false } },
        dataType: { id: 2, type: 'int32' },
        name: { id: 8, type: 'string' },
        rawData: { id: 9, type: 'bytes' },
      },
    },
    ValueInfoProto: {
      fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'TypeProto' } },
    },
    TypeProto: {
      fields: { tensorType: { id: 1, type: 'Tensor' } },
      nested: {
        Tensor: {
          fields: {
            elemType: { id: 1, type: 'int32' },
            shape: { id: 2, type: 'TensorShapeProto' },
          },
        },
      },
    },
    TensorShapeProto: {
      fields: { dim: { id: 1, type: 'Dimension', rule: 'repeated' } },
      nested: {
        Dimension: {
          oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
          fields: { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } },
        },
      },
    },
  },
};
const ModelProto = Root.fromJSON(schema).lookupType('ModelProto');

const elementTypes = { float32: 1, uint8: 2, int64: 7, bool: 9 } as const;
const opset = 17;
const irVersion = 8;

export interface OnnxOptions {
  /** Data of parameters that become constants of the model; the others become its inputs. */
  weights?: ReadonlyMap<string, Float32Array>;
  /** Writes the first extent of inputs and outputs as the symbol `batch`. */
  dynamicBatch?: boolean;
  metadata?: Readonly<Record<string, string>>;
}

/** The graph's named outputs, and what they depend on, as a serialised ONNX model (opset 17). */
export function toOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  const nodes = ancestors(graph.outputs.values());
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
            attribute: Object.entries(node.attributes)
              // Attributes with an underscore are the builder's own: they are written as inputs.
              .filter(([name]) => !name.startsWith('_'))
              .map(([name, attribute]) => attributeProto(name, attribute)),
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

function attributeProto(name: string, attribute: Attribute) {
  if ('int' in attribute) return { name, type: 2, i: attribute.int };
  if ('float' in attribute) return { name, type: 1, f: attribute.float };
  if ('ints' in attribute) return { name, type: 7, ints: attribute.ints };
  return { name, type: 3, s: new TextEncoder().encode(attribute.string) };
}
