type Rgb = readonly number[];

/** A value of sRGB, 0 to 255, as linear light, 0 to 1. */
export const linear = (value: number): number => {
  const c = value / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};

/** What eyes see of linear RGB: Machado, Oliveira and Fernandes 2009, severity 1. */
export const eyes: Record<
  'normal eyes' | 'protanopia' | 'deuteranopia' | 'tritanopia',
  number[][]
> = {
  'normal eyes': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIE L*a*b* (D65) of a colour, 0 to 255, as these eyes see it. */
export function labOf(color: Rgb, eye: number[][]): number[] {
  const seen = color.map(linear);
  const [r, g, b] = eye.map((row) => {
    const sum = row.reduce((total, value, n) => total + value * seen[n], 0);
    return Math.min(1, Math.max(0, sum));
  });
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Distance of two colours in L*a*b* (CIE 1976), as these eyes see them. */
export function colorDistance(one: Rgb, other: Rgb, eye: number[][]): number {
  const [p, q] = [labOf(one, eye), labOf(other, eye)];
  return Math.hypot(...p.map((value, n) => value - q[n]));
}
