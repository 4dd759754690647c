/**
 * What may be drawn next: nothing that is not text, and first what a prefix has left over.
 *
 * The last tokens of a prefix are drawn again where others go on beyond its end: any token whose
 * bytes begin with what is left, or are the beginning of it.
 */

export class Guide {
  /**
   * @param {import("./tokens.js").Tokenizer} tokenizer
   * @param {string} left bytes that have to be drawn first
   */
  constructor(tokenizer, left) {
    this.tokenizer = tokenizer;
    this.left = left;
  }

  /** Logits with -Infinity for what is not possible; as they are where all is. */
  masked(logits) {
    const { pieces, silent } = this.tokenizer;
    if (!silent.size && !this.left) return logits;
    const { left } = this;
    return logits.map((logit, id) => {
      if (silent.has(id)) return -Infinity;
      const piece = pieces[id];
      const fits = !left || (piece && (piece.startsWith(left) || left.startsWith(piece)));
      return fits ? logit : -Infinity;
    });
  }

  /** Takes note of what was drawn. */
  drawn(id) {
    if (this.left) this.left = this.left.slice(this.tokenizer.pieces[id].length);
  }
}
