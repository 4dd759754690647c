/** Several models as one: their probabilities averaged, or multiplied. */

import { logSoftmax } from "./draw.js";

export class Mixture {
  /**
   * @param {Record<string, any>} spec
   * @param {any[]} members models
   */
  constructor(spec, members) {
    this.how = spec.how;
    this.weights = spec.weights;
    this.endings = spec.endings; // exponents of the ending, where a product has two parts
    this.end = spec.end;
    this.size = spec.size;
    this.members = members;
  }

  begin() {
    return this.members.map((member) => member.begin());
  }

  copy(states) {
    return this.members.map((member, i) => member.copy(states[i]));
  }

  step(states, id) {
    const told = this.members.map((member, i) => member.step(states[i], id));
    if (this.how === "average") return this.average(told);
    return this.endings ? this.productWithEnd(told) : this.product(told, this.weights);
  }

  /** ln Σ w p. */
  average(told) {
    const y = new Float64Array(this.size);
    told.forEach((logits, k) => {
      const logp = logSoftmax(logits);
      for (let i = 0; i < y.length; i++) y[i] += this.weights[k] * Math.exp(logp[i]);
    });
    return y.map(Math.log);
  }

  /** ln of the normalised product; a member whose exponent is 0 has no say, not even a veto. */
  product(told, exponents) {
    const y = new Float64Array(told[0].length);
    told.forEach((logits, k) => {
      if (exponents[k]) for (let i = 0; i < y.length; i++) y[i] += exponents[k] * logits[i];
    });
    return logSoftmax(y);
  }

  /** In two parts: whether the example ends, and what comes if it does not. */
  productWithEnd(told) {
    const parts = told.map((logits) => this.inTwo(logits));
    const ending = this.product(parts.map((part) => part.ending), this.endings);
    const tokens = this.product(parts.map((part) => part.tokens), this.weights);
    const y = new Float64Array(this.size);
    for (let i = 0; i < y.length; i++) {
      if (i === this.end) y[i] = ending[1];
      else y[i] = tokens[i < this.end ? i : i - 1] + ending[0];
    }
    return y;
  }

  /** The logits of the other tokens, and ln of no end and end but for what is added to both. */
  inTwo(logits) {
    const tokens = Float64Array.from(logits).filter((_, i) => i !== this.end);
    let top = tokens.reduce((a, b) => Math.max(a, b), -Infinity);
    if (!Number.isFinite(top)) top = 0;
    const others = top + Math.log(tokens.reduce((sum, x) => sum + Math.exp(x - top), 0));
    return { tokens, ending: Float64Array.of(others, logits[this.end]) };
  }
}
