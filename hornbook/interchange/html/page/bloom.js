/**
 * A Bloom filter of the training examples: what it does not hold is not one of them; what it holds
 * is, but for a known share of errors.
 *
 * The bits of a text are at (a + i · b) mod n for i = 0, 1, …, with a and b from the 32-bit FNV-1a
 * hashes of its UTF-8, from two beginnings and each stirred at the end.
 */

const TO_UTF8 = new TextEncoder();

export class Bloom {
  /**
   * @param {{bits: number, hashes: number}} spec
   * @param {Uint8Array} array
   */
  constructor({ bits, hashes }, array) {
    this.bits = bits;
    this.hashes = hashes;
    this.array = array;
  }

  /** @param {string} text */
  has(text) {
    const bytes = TO_UTF8.encode(text);
    const [a, b] = [hash(bytes, 0x811c9dc5), 1 + (hash(bytes, 0x9747b28c) % (this.bits - 1))];
    for (let i = 0; i < this.hashes; i++) {
      const at = (a + i * b) % this.bits;
      if (!((this.array[at >>> 3] >> (at & 7)) & 1)) return false;
    }
    return true;
  }
}

function hash(bytes, from) {
  let h = from;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
