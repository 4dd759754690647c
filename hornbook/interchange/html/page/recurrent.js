/**
 * Recurrent layers: what was read lives on in a state.
 *
 * @typedef {import("./layers.js").Spec} Spec
 * @typedef {import("./layers.js").Arrays} Arrays
 * @typedef {import("./layers.js").Layer} Layer
 * @typedef {(spec: Spec, arrays: Arrays) => Layer} LayerOf
 */

import { SINGLE, sigmoid } from "./arithmetic.js";

/**
 * A recurrent layer: what a step takes from its input, then what it makes of that and its state.
 *
 * @param {number} size numbers in the state
 * @param {(x: Float32Array, state: Float32Array) => Float32Array} step changes the state; gives the output
 * @returns {Layer}
 */
function recurrent(size, step) {
  return { begin: () => new Float32Array(size), step, copy: (state) => state.slice() };
}

/** h' = n + z (h - n). */
export function gru({ input, hidden, size }, arrays, layerOf) {
  const [fromInput, fromState] = [layerOf(input, arrays), layerOf(hidden, arrays)];
  return recurrent(size, (x, h) => {
    const [gi, gh] = [fromInput.step(x, null), fromState.step(h, null)];
    for (let i = 0; i < size; i++) {
      const r = sigmoid(gi[i] + gh[i]);
      const z = sigmoid(gi[size + i] + gh[size + i]);
      const n = Math.tanh(gi[2 * size + i] + r * gh[2 * size + i]);
      h[i] = n + z * (h[i] - n);
    }
    return h;
  });
}

/** c' = f c + i tanh(g), h' = o tanh(c'); the state is h and c side by side. */
export function lstm({ input, hidden, size }, arrays, layerOf) {
  const [fromInput, fromState] = [layerOf(input, arrays), layerOf(hidden, arrays)];
  return recurrent(2 * size, (x, state) => {
    const h = state.subarray(0, size);
    const [gi, gh] = [fromInput.step(x, null), fromState.step(h, null)];
    for (let i = 0; i < size; i++) {
      const at = (gate) => gi[gate * size + i] + gh[gate * size + i];
      const c = sigmoid(at(1)) * state[size + i] + sigmoid(at(0)) * Math.tanh(at(2));
      state[size + i] = c;
      h[i] = sigmoid(at(3)) * Math.tanh(c);
    }
    return h;
  });
}

/**
 * The plain recurrent layers, by how input and state are joined:
 *
 *     projected       h' = f(W_ih x + W_hh h)
 *     added           h' = tanh(W_hh (h + relu(W_ih x)))
 *     concatenated    h' = tanh(W_hh relu(W_in [h, x]))
 */
export function rnn({ join, input, hidden, size, function: name }, arrays, layerOf) {
  const [fromInput, last] = [layerOf(input, arrays), layerOf(hidden, arrays)];
  const { relu } = SINGLE;
  const f = SINGLE[name];
  if (join === "projected") {
    return recurrent(size, (x, h) => {
      const [gi, gh] = [fromInput.step(x, null), last.step(h, null)];
      for (let i = 0; i < size; i++) h[i] = f(gi[i] + gh[i]);
      return h;
    });
  }
  const inside = new Float32Array(size);
  let both = new Float32Array(0);
  return recurrent(size, (x, h) => {
    if (join === "added") {
      const a = fromInput.step(x, null);
      for (let i = 0; i < size; i++) inside[i] = h[i] + relu(a[i]);
    } else {
      if (both.length !== size + x.length) both = new Float32Array(size + x.length);
      both.set(h);
      both.set(x, size);
      const a = fromInput.step(both, null);
      for (let i = 0; i < size; i++) inside[i] = relu(a[i]);
    }
    const pre = last.step(inside, null);
    for (let i = 0; i < size; i++) h[i] = f(pre[i]);
    return h;
  });
}
