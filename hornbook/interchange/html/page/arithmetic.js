/** What layers compute with: products, nonlinearities, norms. */

/**
 * y = W x + b, the weight (out, in) row by row.
 *
 * @param {Float32Array} y
 * @param {Float32Array} weight
 * @param {Float32Array | null} bias
 * @param {Float32Array} x
 */
export function product(y, weight, bias, x) {
  const columns = x.length;
  const whole = columns - (columns % 4);
  for (let row = 0, at = 0; row < y.length; row++, at += columns) {
    let a = 0, b = 0, c = 0, d = 0;
    let i = 0;
    for (; i < whole; i += 4) {
      a += weight[at + i] * x[i];
      b += weight[at + i + 1] * x[i + 1];
      c += weight[at + i + 2] * x[i + 2];
      d += weight[at + i + 3] * x[i + 3];
    }
    for (; i < columns; i++) a += weight[at + i] * x[i];
    y[row] = a + b + (c + d) + (bias ? bias[row] : 0);
  }
}

export const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/**
 * The complementary error function, to 1.2e-7 of itself (Chebyshev fit of Press et al. 1992,
 * section 6.2).
 *
 * @param {number} x
 */
function erfc(x) {
  const z = Math.abs(x);
  const t = 1 / (1 + z / 2);
  const terms = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418,
    0.37409196, 1.00002368, -1.26551223,
  ];
  const sum = terms.reduce((total, term) => total * t + term, 0);
  const found = t * Math.exp(-z * z + sum);
  return x >= 0 ? found : 2 - found;
}

/** Nonlinearities of a single number. */
export const SINGLE = {
  tanh: Math.tanh,
  relu: (x) => (x > 0 ? x : 0),
  relu2: (x) => (x > 0 ? x * x : 0),
  gelu: (x) => (x * erfc(-x / Math.SQRT2)) / 2,
  gelu_tanh: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
};

/**
 * Divides each stretch of a vector by its root mean square.
 *
 * @param {Float32Array} x
 * @param {number} size
 * @param {number} eps
 */
export function normaliseStretches(x, size, eps) {
  for (let at = 0; at < x.length; at += size) {
    let squares = 0;
    for (let i = at; i < at + size; i++) squares += x[i] * x[i];
    const scale = 1 / Math.sqrt(squares / size + eps);
    for (let i = at; i < at + size; i++) x[i] *= scale;
  }
}
