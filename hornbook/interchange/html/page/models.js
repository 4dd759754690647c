/**
 * Models of what comes next, each with
 *
 *     begin()            the state before the first token
 *     step(state, id)    reads a token, changes the state, gives logits of the next
 *     copy(state)        the same state, to go on in two ways
 *
 * Logits are the model's own buffer, which its next step overwrites.
 */

import { Counts } from "./counts.js";
import { layerOf } from "./layers.js";
import { Mixture } from "./mixture.js";

/** A net whose layers remember what they need of a row without end. */
class Row {
  /**
   * @param {Record<string, any>} spec
   * @param {(name: string) => any} arrays
   */
  constructor(spec, arrays) {
    this.net = layerOf(spec.net, arrays);
  }

  begin() {
    return this.net.begin();
  }

  step(state, id) {
    return this.net.step(id, state);
  }

  copy(state) {
    return this.net.copy(state);
  }
}

/** A net that knows no positions beyond a block: a full row is begun again with its last half. */
class Block {
  /**
   * @param {Record<string, any>} spec
   * @param {(name: string) => any} arrays
   */
  constructor(spec, arrays) {
    this.row = new Row(spec, arrays);
    this.block = spec.block;
    this.half = spec.block >> 1;
  }

  begin() {
    return { row: this.row.begin(), count: 0, recent: [] };
  }

  step(state, id) {
    const ids = [...state.recent, id];
    state.recent = this.half ? ids.slice(-this.half) : [];
    if (state.count < this.block) {
      state.count++;
      return this.row.step(state.row, id);
    }
    state.row = this.row.begin();
    state.count = ids.length;
    let logits;
    for (const one of ids) logits = this.row.step(state.row, one);
    return logits;
  }

  copy({ row, count, recent }) {
    return { row: this.row.copy(row), count, recent: [...recent] };
  }
}

/**
 * A model by its description.
 *
 * @param {Record<string, any>} spec
 * @param {(name: string) => any} arrays
 */
export function modelOf(spec, arrays) {
  switch (spec.kind) {
    case "row":
      return new Row(spec, arrays);
    case "block":
      return new Block(spec, arrays);
    case "counts":
      return new Counts(spec, arrays);
    case "mixture":
      return new Mixture(
        spec,
        spec.members.map((member) => modelOf(member, arrays)),
      );
    default:
      throw new Error(`there is no model of kind ${spec.kind}`);
  }
}
