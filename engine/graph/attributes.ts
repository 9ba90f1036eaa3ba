import { expect, type AnyOperator, type AttributeKind, type Attributes } from './graph';

/** An attribute as ONNX's protobuf holds it: its value in the field of its type. */
export interface AttributeProto {
  name: string;
  /** AttributeProto.AttributeType */
  type: number;
  f?: number;
  i?: number;
  /** UTF-8 */
  s?: Uint8Array;
  ints?: readonly number[];
  floats?: readonly number[];
}

/** For each kind the number of its type, the field of its value, and the value that stands for a field left out. */
const formats = {
  float: { type: 1, field: 'f', empty: 0 },
  int: { type: 2, field: 'i', empty: 0 },
  string: { type: 3, field: 's', empty: '' },
  ints: { type: 7, field: 'ints', empty: [] },
  floats: { type: 6, field: 'floats', empty: [] },
} as const;

/** The kinds that an operator declares, in order. */
const declared = (operator: AnyOperator) =>
  Object.entries(operator.attributes).map(([name, declaration]) => {
    const kind = declaration.replace('?', '') as AttributeKind;
    return { name, kind, optional: kind !== declaration, ...formats[kind] };
  });

/** A node's attributes as ONNX writes them. */
export function encodeAttributes(operator: AnyOperator, attributes: Attributes): AttributeProto[] {
  return declared(operator).flatMap(({ name, type, field }) => {
    const value = attributes[name];
    if (value === undefined) return [];
    return [
      { name, type, [field]: typeof value === 'string' ? new TextEncoder().encode(value) : value },
    ];
  });
}

/**
 * A node's attributes from what ONNX holds.
 * @throws GraphError for one that the operator does not declare or declares as of another kind, and for a missing one
 */
export function decodeAttributes(
  operator: AnyOperator,
  protos: readonly AttributeProto[],
): Attributes {
  const kinds = declared(operator);
  for (const { name } of protos)
    expect(
      kinds.some((kind) => kind.name === name),
      operator.name,
      `attributes out of [${kinds.map((kind) => kind.name).join(', ')}]`,
      name,
    );
  return Object.fromEntries(
    kinds.flatMap(({ name, kind, optional, type, field, empty }) => {
      const proto = protos.find((p) => p.name === name);
      if (!proto && optional) return [];
      expect(
        proto?.type === type,
        operator.name,
        `an attribute ${name} of kind ${kind}`,
        proto ? `ONNX's type ${proto.type}` : 'none',
      );
      const value = proto[field] ?? empty;
      return [[name, value instanceof Uint8Array ? new TextDecoder().decode(value) : value]];
    }),
  );
}
