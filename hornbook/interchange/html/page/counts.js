/**
 * N-grams from the tables of their counts, in a trie of sorted arrays.
 *
 * The levels of the trie are contexts of 0, 1, 2 … tokens, and it grows backwards in time: a node's
 * children are the contexts that are one older token longer.
 *
 * @typedef {{older: any, begins: any, tokens: any, offsets: any, counts: any,
 *   whole: any, discounts: number[] | null}} Level
 */

import { apart } from "./guided.js";

/** Nothing stands so far back. */
export const ABSENT = -1;

export class Counts {
  /**
   * @param {Record<string, any>} spec
   * @param {(name: string) => any} arrays
   */
  constructor(spec, arrays) {
    this.order = spec.order;
    this.size = spec.size;
    this.boundary = spec.boundary;
    this.start = spec.start;
    this.smoothing = spec.smoothing;
    this.added = spec.added;
    /** @type {Level[]} */
    this.levels = spec.levels.map((level) => ({
      older: arrays(level.older),
      begins: arrays(level.begins),
      tokens: arrays(level.tokens),
      offsets: arrays(level.offsets),
      counts: arrays(level.counts),
      whole: level.whole ? arrays(level.whole) : null,
      discounts: level.discounts,
    }));
    this.p = new Float64Array(spec.size);
    this.given = spec.given && {
      ...spec.given,
      /** Counts of the examples of each value of each condition. @type {(Counts | null)[][]} */
      parts: spec.given.parts.map((own) => own.map((part) => part && new Counts(part, arrays))),
    };
  }

  begin() {
    return { window: Array(this.order - 1).fill(this.start) };
  }

  copy({ window }) {
    return { window: [...window] };
  }

  step(state, id) {
    const { token, values } = apart(id, this.size, this.given ? this.given.sizes : []);
    if (this.order > 1) state.window = [...state.window.slice(1), token];
    const p = this.probabilities(state.window);
    if (this.given) this.mix(p, state.window, values);
    for (let i = 0; i < p.length; i++) p[i] = Math.log(p[i]);
    return p;
  }

  /** p <- (1 - s) p + s P(w | h, the value given), for each condition in turn. */
  mix(p, window, values) {
    const { shares, parts } = this.given;
    values.forEach((value, k) => {
      const [share, part] = [shares[k][value], parts[k][value]];
      if (!share || !part) return;
      const own = part.probabilities(window);
      for (let i = 0; i < p.length; i++) p[i] += share * (own[i] - p[i]);
    });
  }

  /**
   * The nodes of a context, from the empty one on, as far as it was seen; and whether all of it
   * was.
   *
   * @param {number[]} window
   */
  walk(window) {
    const nodes = [0];
    for (let length = 1; length < this.order; length++) {
      const older = window[window.length - length];
      if (older === ABSENT) return { nodes, whole: true };
      const found = length < this.levels.length ? this.longer(length, nodes[length - 1], older) : -1;
      if (found < 0) return { nodes, whole: false };
      nodes.push(found);
      if (older === this.boundary) return { nodes, whole: true };
    }
    return { nodes, whole: true };
  }

  /** The child of a node by its older token, -1 where it was never seen. */
  longer(length, node, older) {
    const { begins, older: tokens } = this.levels[length];
    let [low, high] = [begins[node], begins[node + 1]];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (tokens[middle] < older) low = middle + 1;
      else high = middle;
    }
    return low < begins[node + 1] && tokens[low] === older ? low : -1;
  }

  /**
   * P of every next token; all 0 where nothing is known of what comes.
   *
   * @param {number[]} window
   */
  probabilities(window) {
    const { p, size } = this;
    const { nodes, whole } = this.walk(window);
    p.fill(0);
    if (this.smoothing === "kneser-ney") {
      let left = 1;
      for (let length = nodes.length - 1; length >= 0; length--) {
        left *= this.share(this.levels[length], nodes[length], left);
      }
      for (let i = 0; i < size; i++) p[i] += left / size;
      return p;
    }
    let total = 0;
    if (whole) {
      const { offsets, tokens, counts } = this.levels[nodes.length - 1];
      const node = nodes[nodes.length - 1];
      for (let at = offsets[node]; at < offsets[node + 1]; at++) {
        p[tokens[at]] = counts[at];
        total += counts[at];
      }
    }
    if (this.smoothing === "add") {
      for (let i = 0; i < size; i++) p[i] += this.added;
      total += this.added * size;
    }
    if (total) for (let i = 0; i < size; i++) p[i] /= total;
    return p;
  }

  /** Adds `left` · (c - D(c)) / c(h) of a node's entries, and gives the mass that it sets free. */
  share({ offsets, tokens, counts, whole, discounts }, node, left) {
    let [sum, discounted] = [0, 0];
    for (let at = offsets[node]; at < offsets[node + 1]; at++) {
      sum += counts[at];
      discounted += discounts[Math.min(counts[at], 3)];
    }
    const all = whole ? whole[node] : sum;
    for (let at = offsets[node]; at < offsets[node + 1]; at++) {
      const kept = counts[at] - discounts[Math.min(counts[at], 3)];
      this.p[tokens[at]] += (left * kept) / all;
    }
    return (discounted + all - sum) / all;
  }
}
