import assert from 'node:assert/strict';
import { decodeAttributes, encodeAttributes } from '../../../engine/graph/attributes';
import {
  type AnyOperator,
  type Attributes,
  type Node,
  type Operator,
} from '../../../engine/graph/graph';
import { lower } from '../../../engine/graph/lower';
import { toOnnx } from '../../../engine/graph/onnx';
import { ModelProto } from '../../../engine/graph/onnx-schema';
import { operatorKey, operators } from '../../../engine/graph/operators/operators';
import { cases, graphOf } from './operators';

const graphs = Object.keys(cases).map(graphOf);

/** What ONNX files hold of attributes, here float32. */
const asWritten = ({ operator, attributes }: Pick<Node, 'operator' | 'attributes'>): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      operator.attributes[name].startsWith('float') ? Math.fround(value as number) : value,
    ]),
  );

describe('the table of operators', () => {
  it('has every operator that a builder function or a gradient adds, and no other', () => {
    const used = new Set<string>();
    for (const { operator } of graphs.flatMap((graph) => graph.nodes)) {
      used.add(operatorKey(operator));
      assert.equal(operators.get(operatorKey(operator)), operator, operatorKey(operator));
    }
    assert.deepEqual([...operators.keys()].sort(), [...used].sort());
  });

  it('is keyed by domain and name', () => {
    for (const [key, { domain, name }] of operators) assert.equal(key, `${domain ?? ''}:${name}`);
    assert.equal(operators.get(':Conv')?.name, 'Conv');
    assert.equal(operators.get('com.microsoft:FusedMatMul')?.name, 'FusedMatMul');
    assert.equal(operators.get(':FusedMatMul'), undefined);
  });

  it('reads back from ONNX every operator that is not made of others, and its attributes', () => {
    const read = new Set<string>();
    for (const graph of graphs.map((built) => lower(built))) {
      const model = ModelProto.toObject(ModelProto.decode(toOnnx(graph)), {
        longs: Number,
        arrays: true,
        defaults: false,
      }) as { graph: { node: OnnxNode[] } };
      const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
      for (const proto of model.graph.node) {
        const node = nodes.get(proto.name);
        // An output's second name is an Identity of the writer.
        if (!node) continue;
        const operator = operators.get(`${proto.domain ?? ''}:${proto.opType}`)!;
        assert.equal(operator, node.operator);
        assert.deepEqual(decodeAttributes(operator, proto.attribute), asWritten(node), node.name);
        read.add(operatorKey(operator));
      }
    }
    const written = [...operators].flatMap(([key, operator]) => (operator.expand ? [] : [key]));
    assert.deepEqual([...read].sort(), written.sort());
  });
});

interface OnnxNode {
  name: string;
  opType: string;
  domain?: string;
  attribute: Parameters<typeof decodeAttributes>[1];
}

describe('attributes', () => {
  const operator: Operator<{
    readonly axis: number;
    readonly alpha: number;
    readonly pads: readonly number[];
    readonly mode?: string;
  }> = {
    name: 'Some',
    attributes: { axis: 'int', alpha: 'float', pads: 'ints', mode: 'string?' },
    infer: ([x]) => [x],
  };
  const any: AnyOperator = operator;
  const given = { axis: -1, alpha: 0.5, pads: [0, 2], mode: 'größer' };

  it('come back as they were, in the order of their declaration', () => {
    const protos = encodeAttributes(any, { ...given });
    assert.deepEqual(
      protos.map(({ name, type }) => [name, type]),
      [
        ['axis', 2],
        ['alpha', 1],
        ['pads', 7],
        ['mode', 3],
      ],
    );
    assert.deepEqual(decodeAttributes(any, protos), given);
  });

  it('that may be left out are not written where they are', () => {
    const { axis, alpha, pads } = given;
    const protos = encodeAttributes(any, { pads, alpha, axis });
    assert.equal(protos.length, 3);
    assert.deepEqual(decodeAttributes(any, protos), { axis, alpha, pads });
  });

  it('that are unknown, missing or of another kind are an error that names operator and attribute', () => {
    const protos = encodeAttributes(any, given);
    const rejects = (changed: typeof protos, message: string) =>
      assert.throws(() => decodeAttributes(any, changed), { name: 'GraphError', message });
    rejects(
      [...protos, { name: 'keepdims', type: 2, i: 0 }],
      'Some: expected attributes out of [axis, alpha, pads, mode], found keepdims',
    );
    rejects(protos.slice(1), 'Some: expected an attribute axis of kind int, found none');
    rejects(
      [{ name: 'axis', type: 1, f: 1 }, ...protos.slice(1)],
      "Some: expected an attribute axis of kind int, found ONNX's type 1",
    );
  });
});
