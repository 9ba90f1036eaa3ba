import type { Value } from '../../graph/graph';
import type { Encoding, Network } from '../../networks/network';
import type { AlignmentNetwork } from './alignment';
import { klDivergence } from '../segmentation-loss';

/** One network with its alignment network, for a batch of B images. */
export interface Side {
  network: Network;
  alignment: AlignmentNetwork;
  encoding: Encoding;
  /** v_m, [B, K] */
  vectors: Value;
}

/** A network's decoder on a bottleneck that its header made from a vector, its own or the other network's. */
export function decodeVector(side: Side, vectors: Value): Value {
  const { network, alignment, encoding } = side;
  const bottleneck = alignment.header(vectors, encoding.bottleneck.shape);
  return network.decode({ bottleneck, skips: encoding.skips });
}

/**
 * Domain-invariant cross distillation (DICD): each network decodes the other's vector, and is held to the teacher's
 * prediction [the distance, KL per pixel, is our choice]. `studentToTeacher` teaches the student's encoder through the frozen
 * teacher's decoder, `teacherToStudent` the student's decoder.
 */
export function crossTerms(teacher: Side, student: Side, teacherLogits: Value) {
  return {
    studentToTeacher: klDivergence(teacherLogits, decodeVector(teacher, student.vectors)),
    teacherToStudent: klDivergence(teacherLogits, decodeVector(student, teacher.vectors)),
  };
}
