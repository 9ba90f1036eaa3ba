/** What is measured before and after distillation on the source's validation images: whether there is something to transfer, and whether it can be. Types only. */

/** What the domain-invariant vectors carry, of so many images with so many views of each; cosines of vectors less their mean. */
export interface Signal {
  images: number;
  views: number;
  /** Between a student's vector and the teacher's. */
  cosine: { sameView: number; sameImage: number; otherImage: number };
  /** How often the teacher's vector that is most like a student's is of the same image, and how often it would be by chance. */
  retrieval: { share: number; chance: number };
  /** Mean entropy of the contrastive graphs' rows, as a share of that of a uniform row: 1 says that a row prefers nothing. */
  entropy: Record<'intra' | 'inter', { teacher: number; student: number }>;
  /** Trace of the unit vectors' covariance. */
  spread: { teacher: number; student: number };
  /** How far a network's prediction of the student's, or the teacher's, vector is from the teacher's own prediction. */
  exchange: Record<'studentToTeacher' | 'teacherToStudent', VectorExchange>;
}

/** Mean Kullback-Leibler divergence per pixel, in nats, with an image's own vector, with another's, and with the mean of all. */
export interface VectorExchange {
  own: number;
  other: number;
  mean: number;
  /** Chance that own would be as far below other if it did not matter whose the vector is: a permutation test. */
  p: number;
}
