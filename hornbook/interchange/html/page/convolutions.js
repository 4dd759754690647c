/**
 * Layers that look back at single positions: queues, and the WaveNet made of them.
 *
 * @typedef {import("./layers.js").Spec} Spec
 * @typedef {import("./layers.js").Arrays} Arrays
 * @typedef {import("./layers.js").Layer} Layer
 * @typedef {(spec: Spec, arrays: Arrays) => Layer} LayerOf
 */

import { sigmoid } from "./arithmetic.js";

/**
 * The newest input and those that stand 1, 2, … fan - 1 times `dilation` before it, side by side,
 * the oldest first: what a node of a tree or a tap of a convolution sees. Before the row stand
 * zeros, or what `fill` is given.
 *
 * @param {{fan: number, dilation: number, size: number}} spec
 * @returns {Layer & {fill: (x: Float32Array) => void}}
 */
export function taps({ fan, dilation, size }) {
  const room = (fan - 1) * dilation;
  const y = new Float32Array(fan * size);
  const before = new Float32Array(room * size);
  return {
    fill(x) {
      for (let i = 0; i < room; i++) before.set(x, i * size);
    },
    begin: () => ({ queue: before.slice(), oldest: 0 }),
    copy: ({ queue, oldest }) => ({ queue: queue.slice(), oldest }),
    step(x, state) {
      for (let k = 0; k < fan - 1; k++) {
        const at = ((state.oldest + k * dilation) % room) * size;
        y.set(state.queue.subarray(at, at + size), k * size);
      }
      y.set(x, (fan - 1) * size);
      if (room) {
        state.queue.set(x, state.oldest * size);
        state.oldest = (state.oldest + 1) % room;
      }
      return y;
    },
  };
}

/**
 * WaveNet's blocks: z = tanh(f) σ(g); x + R z goes on, the sum of all S z goes to the output.
 *
 * @param {Spec} spec
 * @param {Arrays} arrays
 * @param {LayerOf} layerOf
 * @returns {Layer}
 */
export function gated({ blocks: specs, size, channels }, arrays, layerOf) {
  const blocks = specs.map((spec) => ({
    taps: taps(spec.taps),
    conv: layerOf(spec.conv, arrays),
    out: layerOf(spec.out, arrays),
    hidden: new Float32Array(spec.hidden),
    goesOn: spec.residual, // numbers that go on: none from the last block
  }));
  const x = new Float32Array(channels);
  const y = new Float32Array(size);
  return {
    begin: () => blocks.map((block) => block.taps.begin()),
    copy: (states) => blocks.map((block, i) => block.taps.copy(states[i])),
    step(given, states) {
      x.set(given);
      y.fill(0);
      blocks.forEach(({ taps: queue, conv, out, hidden, goesOn }, number) => {
        const gates = conv.step(queue.step(x, states[number]), null);
        const n = hidden.length;
        for (let i = 0; i < n; i++) hidden[i] = Math.tanh(gates[i]) * sigmoid(gates[n + i]);
        const made = out.step(hidden, null);
        for (let i = 0; i < goesOn; i++) x[i] += made[i];
        for (let i = 0; i < size; i++) y[i] += made[goesOn + i];
      });
      return y;
    },
  };
}
