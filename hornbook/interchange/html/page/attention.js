/**
 * Attention, position by position.
 *
 * @typedef {import("./layers.js").Spec} Spec
 * @typedef {import("./layers.js").Arrays} Arrays
 * @typedef {import("./layers.js").Layer} Layer
 * @typedef {(spec: Spec, arrays: Arrays) => Layer} LayerOf
 */

import { normaliseStretches } from "./arithmetic.js";

/**
 * Causal self-attention with a ring of the keys and values of the last `window` positions.
 *
 * @param {Spec} spec
 * @param {Arrays} arrays
 * @param {LayerOf} layerOf
 * @returns {Layer}
 */
export function attention(spec, arrays, layerOf) {
  const { qkv, projection, heads, size, window, qk_norm: norm, rotary } = spec;
  const shared = (qkv.size - size) / 2; // numbers of a position's keys: fewer where heads share them
  const split = layerOf(qkv, arrays);
  const last = projection ? layerOf(projection, arrays) : null;
  const width = size / heads;
  const y = new Float32Array(size);
  const scores = new Float64Array(window);
  return {
    begin: () => ({ keys: new Float32Array(0), values: new Float32Array(0), count: 0 }),
    copy: ({ keys, values, count }) => ({ keys: keys.slice(), values: values.slice(), count }),
    step(x, state) {
      const made = split.step(x, null);
      const [q, k] = [made.subarray(0, size), made.subarray(size, size + shared)];
      if (norm) {
        normaliseStretches(q, width, norm);
        normaliseStretches(k, width, norm);
      }
      if (rotary) turn(made.subarray(0, size + shared), width, state.count, rotary);
      makeRoom(state, shared, window);
      const at = (state.count % window) * shared;
      state.keys.set(k, at);
      state.values.set(made.subarray(size + shared), at);
      state.count++;
      const seen = Math.min(state.count, window);
      const group = size / shared; // heads of queries that share keys and values
      for (let head = 0; head < heads; head++) {
        const asked = Math.floor(head / group) * width;
        attend(y, q, state, head * width, asked, width, shared, seen, scores);
      }
      return last ? last.step(y, null) : y;
    },
  };
}

/** Turns each pair of neighbours of each head by an angle that grows with the position. */
function turn(x, width, position, base) {
  for (let i = 0; i < width; i += 2) {
    const angle = position * base ** (-i / width);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    for (let at = i; at < x.length; at += width) {
      const [a, b] = [x[at], x[at + 1]];
      x[at] = a * cos - b * sin;
      x[at + 1] = a * sin + b * cos;
    }
  }
}

/** More places for keys and values, up to those of the window. */
function makeRoom(state, size, window) {
  const room = state.keys.length / size;
  if (state.count < room || room === window) return;
  const more = Math.min(Math.max(8, 2 * room), window);
  for (const name of ["keys", "values"]) {
    const larger = new Float32Array(more * size);
    larger.set(state[name]);
    state[name] = larger;
  }
}

/** What one head, whose queries begin at h and whose keys at k, gathers from the positions seen. */
function attend(y, q, { keys, values }, h, k, width, size, seen, scores) {
  const scale = 1 / Math.sqrt(width);
  let top = -Infinity;
  for (let t = 0; t < seen; t++) {
    let sum = 0;
    for (let i = h, at = t * size + k; i < h + width; i++, at++) sum += q[i] * keys[at];
    scores[t] = sum * scale;
    if (scores[t] > top) top = scores[t];
  }
  let total = 0;
  for (let t = 0; t < seen; t++) total += scores[t] = Math.exp(scores[t] - top);
  y.fill(0, h, h + width);
  for (let t = 0; t < seen; t++) {
    const weight = scores[t] / total;
    for (let i = h, at = t * size + k; i < h + width; i++, at++) y[i] += weight * values[at];
  }
}
