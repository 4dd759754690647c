/**
 * One function for each kind of layer: it reads one more position and remembers what it must.
 *
 * A layer has
 *
 *     begin()         what it remembers before the first position; nothing, of most
 *     step(x, state)  what it gives at the next position; the state is changed in place
 *     copy(state)     the same state, to go on in two ways
 *
 * What `step` gives is the layer's own buffer, which its next step overwrites.
 *
 * @typedef {Float32Array} Vector
 * @typedef {{begin: () => any, step: (x: any, state: any) => Vector, copy: (state: any) => any}}
 *   Layer
 * @typedef {Record<string, any> & {kind: string}} Spec
 * @typedef {(name: string) => any} Arrays
 */

import { SINGLE, normaliseStretches, product, sigmoid } from "./arithmetic.js";
import { attention } from "./attention.js";
import { gated, taps } from "./convolutions.js";
import { apart } from "./guided.js";
import { gru, lstm, rnn } from "./recurrent.js";

/**
 * A layer that treats each position by itself.
 *
 * @param {(x: any) => Vector} step
 * @returns {Layer}
 */
function alone(step) {
  return { begin: () => null, step, copy: () => null };
}

/** @type {Record<string, (spec: any, arrays: Arrays, layerOf: any) => Layer>} */
const KINDS = {
  chain,
  taps,
  gated,
  attention,
  gru,
  lstm,
  rnn,

  /** A row of a table by id. */
  embedding({ weight, size }, arrays) {
    const table = arrays(weight);
    return alone((id) => table.subarray(id * size, (id + 1) * size));
  },

  /** A row by id, and one for each value that is given with it, added up; see guided.js. */
  conditioned_embedding({ weight, values, tokens, given, size }, arrays) {
    const [table, rows] = [arrays(weight), arrays(values)];
    const y = new Float32Array(size);
    return alone((id) => {
      const { token, values: told } = apart(id, tokens, given);
      y.set(table.subarray(token * size, (token + 1) * size));
      let before = 0; // rows of the conditions before: 0, not given, has none
      told.forEach((value, k) => {
        const at = (before + value - 1) * size;
        if (value) for (let i = 0; i < size; i++) y[i] += rows[at + i];
        before += given[k] - 1;
      });
      return y;
    });
  },

  /** A vector of zeros with a single one. */
  one_hot({ size }) {
    const y = new Float32Array(size);
    return alone((id) => {
      y.fill(0);
      y[id] = 1;
      return y;
    });
  },

  linear({ weight, bias, size }, arrays) {
    const [w, b] = [arrays(weight), bias ? arrays(bias) : null];
    const y = new Float32Array(size);
    return alone((x) => {
      product(y, w, b, x);
      return y;
    });
  },

  /** x · factor + shift: BatchNorm as it is used. */
  affine({ factor, shift }, arrays) {
    const [f, s] = [arrays(factor), arrays(shift)];
    const y = new Float32Array(f.length);
    return alone((x) => {
      for (let i = 0; i < y.length; i++) y[i] = x[i] * f[i] + s[i];
      return y;
    });
  },

  layer_norm({ weight, bias, eps }, arrays) {
    const [w, b] = [arrays(weight), bias ? arrays(bias) : null];
    const n = w.length;
    const y = new Float32Array(n);
    return alone((x) => {
      let mean = 0, squares = 0;
      for (let i = 0; i < n; i++) mean += x[i] / n;
      for (let i = 0; i < n; i++) squares += (x[i] - mean) ** 2;
      const scale = 1 / Math.sqrt(squares / n + eps);
      for (let i = 0; i < n; i++) y[i] = (x[i] - mean) * scale * w[i] + (b ? b[i] : 0);
      return y;
    });
  },

  rms_norm({ weight, size, eps }, arrays) {
    const w = weight ? arrays(weight) : null;
    const y = new Float32Array(size);
    return alone((x) => {
      y.set(x);
      normaliseStretches(y, size, eps);
      if (w) for (let i = 0; i < size; i++) y[i] *= w[i];
      return y;
    });
  },

  /** A nonlinearity of SINGLE, element by element. */
  single({ function: name }) {
    const f = SINGLE[name];
    let y = new Float32Array(0);
    return alone((x) => {
      if (y.length !== x.length) y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = f(x[i]);
      return y;
    });
  },

  /** silu(a) · b of the two halves. */
  swiglu({ size }) {
    const y = new Float32Array(size);
    return alone((x) => {
      for (let i = 0; i < size; i++) y[i] = x[i] * sigmoid(x[i]) * x[size + i];
      return y;
    });
  },

  softcap({ cap, size }) {
    const y = new Float32Array(size);
    return alone((x) => {
      for (let i = 0; i < size; i++) y[i] = cap * Math.tanh(x[i] / cap);
      return y;
    });
  },

  residual({ layer: inner, size }, arrays) {
    const layer = layerOf(inner, arrays);
    const y = new Float32Array(size);
    return {
      begin: layer.begin,
      copy: layer.copy,
      step(x, state) {
        const change = layer.step(x, state);
        for (let i = 0; i < size; i++) y[i] = x[i] + change[i];
        return y;
      },
    };
  },

  /** x + a row of a table for each position. */
  positions({ weight, size }, arrays) {
    const table = arrays(weight);
    const y = new Float32Array(size);
    return {
      begin: () => ({ count: 0 }),
      copy: (state) => ({ ...state }),
      step(x, state) {
        const at = size * state.count++;
        for (let i = 0; i < size; i++) y[i] = x[i] + table[at + i];
        return y;
      },
    };
  },

  /** The mean of all positions so far. */
  average({ size }) {
    const y = new Float32Array(size);
    return {
      begin: () => ({ total: new Float64Array(size), count: 0 }),
      copy: (state) => ({ total: state.total.slice(), count: state.count }),
      step(x, state) {
        state.count++;
        for (let i = 0; i < size; i++) {
          state.total[i] += x[i];
          y[i] = state.total[i] / state.count;
        }
        return y;
      },
    };
  },

  /** A window read from its start at every position: `count` vectors side by side. */
  reread({ layer: inner, count }, arrays) {
    const layer = layerOf(inner, arrays);
    return alone((x) => {
      const state = layer.begin();
      const size = x.length / count;
      let y = x;
      for (let i = 0; i < count; i++) y = layer.step(x.subarray(i * size, (i + 1) * size), state);
      return y;
    });
  },
};

/**
 * A layer by its description.
 *
 * @param {Spec} spec
 * @param {Arrays} arrays
 * @returns {Layer}
 */
export function layerOf(spec, arrays) {
  return KINDS[spec.kind](spec, arrays, layerOf);
}

/**
 * Layers one after the other.
 *
 * With `start`, the id that stands before a row without end: each queue begins with what the
 * layers below it give for that.
 *
 * @param {Spec} spec
 * @param {Arrays} arrays
 * @returns {Layer}
 */
function chain({ layers: specs, start }, arrays) {
  const layers = specs.map((spec) => layerOf(spec, arrays));
  if (start !== undefined) {
    let x = start;
    specs.forEach((spec, i) => {
      if (spec.kind === "taps") layers[i].fill(x);
      x = layers[i].step(x, layers[i].begin());
    });
  }
  return {
    begin: () => layers.map((layer) => layer.begin()),
    copy: (states) => layers.map((layer, i) => layer.copy(states[i])),
    step(x, states) {
      for (let i = 0; i < layers.length; i++) x = layers[i].step(x, states[i]);
      return x;
    },
  };
}
