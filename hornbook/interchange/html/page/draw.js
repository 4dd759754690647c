/**
 * From logits to a token, as `hornbook sample` draws it: temperature, the k most likely, the fewest
 * that have a mass together, then the token in which a number from 0 to 1 falls when the
 * probabilities are laid end to end, in the order of the ids.
 *
 * @typedef {{temperature: number, topK: number, topP: number}} Shape
 */

/**
 * ln of the probabilities; -Infinity throughout where nothing is possible.
 *
 * @param {ArrayLike<number>} logits
 * @returns {Float64Array}
 */
export function logSoftmax(logits) {
  const y = Float64Array.from(logits);
  let top = -Infinity;
  for (const x of y) if (x > top) top = x;
  if (!Number.isFinite(top)) top = 0;
  let sum = 0;
  for (const x of y) sum += Math.exp(x - top);
  const total = Number.isFinite(Math.log(sum)) ? top + Math.log(sum) : top;
  for (let i = 0; i < y.length; i++) y[i] -= total;
  return y;
}

/** The ids, the most likely first; of equals the lower id. */
export function byLikelihood(scores) {
  return Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
}

/**
 * Probabilities after temperature, top-k and top-p, in that order.
 *
 * @param {ArrayLike<number>} logits
 * @param {Shape} shape
 * @returns {Float64Array}
 */
export function shaped(logits, { temperature, topK, topP }) {
  const p = Float64Array.from(logits);
  let best = 0;
  for (let i = 1; i < p.length; i++) if (p[i] > p[best]) best = i;
  if (temperature === 0) return p.map((_, i) => (i === best ? 1 : 0));
  const top = p[best];
  for (let i = 0; i < p.length; i++) p[i] = (p[i] - top) / temperature;
  if (topK > 0 && topK < p.length) {
    for (const i of byLikelihood(p).slice(topK)) p[i] = -Infinity;
  }
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += p[i] = Math.exp(p[i]);
  for (let i = 0; i < p.length; i++) p[i] /= sum;
  if (topP < 1) keepMass(p, topP);
  return p;
}

/** Sets to 0 what comes after those that have reached the mass; the first always stays. */
function keepMass(p, mass) {
  let [before, kept] = [0, 0];
  for (const i of byLikelihood(p)) {
    const own = p[i];
    if (before >= mass) p[i] = 0;
    before += own;
    kept += p[i];
  }
  for (let i = 0; i < p.length; i++) p[i] /= kept;
}

/**
 * The token in which a number falls.
 *
 * @param {Float64Array} p
 * @param {number} uniform at least 0 and below 1
 */
export function choose(p, uniform) {
  let total = 0;
  for (const x of p) total += x;
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    sum += p[i];
    if (sum > uniform * total) return i;
  }
  return p.length - 1;
}
