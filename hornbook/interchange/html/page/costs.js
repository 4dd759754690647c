/**
 * What each character of a text costs, where tokens are several: with t the tokens read so far and
 * the next token "the", the first character costs -ln P("t"), the chance of any token that begins
 * with it, the second -ln P("th") + ln P("t"), and so on. What is left to the token's own -ln p is
 * added to its last character, so that its characters cost together what the token costs.
 *
 * @typedef {{text: string, nats: number, token: number}} Character
 *   token: the place of the token in which it begins
 */

import { arrayOf } from "./tokens.js";

export class Costs {
  /** @param {import("./tokens.js").Tokenizer} tokenizer */
  constructor(tokenizer) {
    this.tokenizer = tokenizer;
    const { pieces, boundary, unknown } = tokenizer;
    /** The ids that are text by their bytes: those that begin alike stand side by side. */
    this.order = pieces
      .map((_, id) => id)
      .filter((id) => pieces[id] && id !== boundary && id !== unknown)
      .sort((a, b) => (pieces[a] < pieces[b] ? -1 : pieces[a] > pieces[b] ? 1 : a - b));
  }

  /** Where the ids begin, in this order, whose bytes are not before some bytes. */
  first(bytes) {
    let [low, high] = [0, this.order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.tokenizer.pieces[this.order[middle]] < bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * The nats of each byte of a token; of one that is not text, its own alone.
   *
   * @param {ArrayLike<number>} logp ln of the probabilities
   * @param {number} token
   */
  ofToken(logp, token) {
    const { pieces, unknown } = this.tokenizer;
    const piece = pieces[token];
    if (!piece || token === unknown) return [difference(0, logp[token])];
    const costs = [];
    let before = 0;
    let [low, high] = [0, this.order.length];
    for (let end = 1; end <= piece.length; end++) {
      const start = piece.slice(0, end);
      low = this.first(start);
      high = this.above(start, low, high);
      let sum = 0;
      for (let at = low; at < high; at++) sum += Math.exp(logp[this.order[at]]);
      const after = Math.log(sum);
      costs.push(difference(before, after));
      before = after;
    }
    costs[costs.length - 1] += difference(before, logp[token]);
    return costs;
  }

  /** The end of those from `low` on that begin with some bytes, all of which stand together. */
  above(start, low, high) {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.tokenizer.pieces[this.order[middle]].startsWith(start)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Nats from one sum to a part of it; nothing where there was nothing before. */
function difference(before, after) {
  return before === -Infinity ? 0 : Math.max(0, before - after);
}

/**
 * The characters of a text with their costs, which tokens may end within.
 *
 * @param {string[]} written the bytes of each token
 * @param {number[][]} costs of each byte of each; of a token that is one cost as a whole, that
 * @returns {Character[]}
 */
export function charactersOf(written, costs) {
  const found = [];
  let [held, nats, token] = ["", 0, 0];
  const release = () => {
    if (held) found.push({ text: new TextDecoder().decode(arrayOf(held)), nats, token });
    [held, nats] = ["", 0];
  };
  written.forEach((piece, place) => {
    const each = costs[place];
    if (each.length !== piece.length) {
      release();
      found.push({ text: new TextDecoder().decode(arrayOf(piece)), nats: each[0], token: place });
      return;
    }
    for (let i = 0; i < piece.length; i++) {
      if ((piece.charCodeAt(i) & 0xc0) !== 0x80) release();
      if (!held) token = place;
      held += piece[i];
      nats += each[i];
    }
  });
  release();
  return found;
}
