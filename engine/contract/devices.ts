/** What a small training step on a device of a runtime showed. */
export interface DeviceCheck {
  /** As a config asks for it. */
  name: string;
  /** The processor's or the adapter's name; null where the device does not start. */
  description: string | null;
  /** Milliseconds of a training step; null where there was none. */
  milliseconds: number | null;
  /** How often as fast as the processor. */
  speed: number | null;
  /** The larger difference of a loss and its gradient's norm from the processor's, as a share of it. */
  apart: number | null;
  /** Operator -> nodes of the step that a GPU left to the processor; null for other devices, and where that is not known. */
  leftToProcessor: Record<string, number> | null;
  /** Why it cannot be used, or should not be: a clause. */
  problem: string | null;
}
