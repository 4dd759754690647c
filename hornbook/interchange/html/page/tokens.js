/**
 * Between text and ids.
 *
 * What an id stands for is its bytes in UTF-8, which may be half a character. Bytes are held as
 * strings of the characters 0 to 255, which can be compared, joined and looked up.
 *
 * @typedef {{ids: number[], written: string[]}} Cut  ids, and the bytes that each is in the text
 */

import { pairCutter } from "./pairs.js";

const ENCODER = new TextEncoder();

/** The bytes of a text. */
export function bytesOf(text) {
  let found = "";
  for (const byte of ENCODER.encode(text)) found += String.fromCharCode(byte);
  return found;
}

/** Bytes as the array that a decoder reads. */
export function arrayOf(bytes) {
  return Uint8Array.from(bytes, (one) => one.charCodeAt(0));
}

/** The text of bytes; what is not UTF-8 becomes U+FFFD. */
export function textOf(bytes) {
  return newDecoder().decode(arrayOf(bytes));
}

function newDecoder() {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}

export class Tokenizer {
  /**
   * @param {Record<string, any>} spec
   */
  constructor(spec) {
    this.spec = spec;
    this.kind = spec.kind;
    this.boundary = spec.boundary;
    this.start = spec.start;
    this.unknown = spec.unknown;
    this.pattern = spec.pattern;
    this.lowercase = spec.lowercase;
    /** What each id stands for, in bytes: of the boundary and of special tokens nothing. */
    this.pieces = spec.encoded
      ? spec.pieces.map((piece) => atob(piece))
      : spec.pieces.map((piece) => bytesOf(piece));
    this.silent = new Set(spec.silent);
    /** @type {Map<string, number>} From text to id, of tokens that are found in a table. */
    this.table = new Map();
    /** @type {(text: string) => string[]} What such a text is cut into. */
    this.parts = (text) => [text];
    this.cut = { characters, graphemes, bytes, words, pairs: pairCutter }[spec.kind](this);
    this.goesOn = this.longerPieces();
  }

  /** A text as it is read: without halves of surrogate pairs, and in lowercase where that is so. */
  read(text) {
    const whole = text.replace(/\p{Surrogate}/gu, "");
    return this.lowercase ? whole.toLowerCase() : whole;
  }

  /**
   * The part of a text that can be written in these tokens, and what of it cannot.
   *
   * @param {string} text
   * @returns {{text: string, unknown: string[]}}
   */
  known(text) {
    const read = this.read(text);
    if (this.kind !== "characters" && this.kind !== "graphemes") {
      return { text: read, unknown: [] };
    }
    const unknown = new Set();
    const kept = this.parts(read).filter((one) => this.table.has(one) || !unknown.add(one));
    return { text: kept.join(""), unknown: [...unknown] };
  }

  /** Whether any token is more than a character. */
  get several() {
    return this.kind !== "characters" && this.kind !== "graphemes" && this.kind !== "bytes";
  }

  /**
   * How many of the last tokens of a text are together the beginning of another token: they are
   * drawn again.
   *
   * @param {string[]} written
   */
  leftToDraw(written) {
    let [found, tail] = [0, ""];
    for (let left = 1; left <= written.length; left++) {
      tail = written[written.length - left] + tail;
      if (tail.length >= this.longest) break;
      if (this.goesOn(tail) && (tail.charCodeAt(0) & 0xc0) !== 0x80) found = left;
    }
    return found;
  }

  /** Tells whether some piece is longer than given bytes and begins with them. */
  longerPieces() {
    const sorted = [...new Set(this.pieces.filter((p, id) => p && !this.silent.has(id)))].sort(inOrder);
    this.longest = sorted.reduce((most, piece) => Math.max(most, piece.length), 0);
    return (tail) => {
      let [low, high] = [0, sorted.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (sorted[middle] <= tail) low = middle + 1;
        else high = middle;
      }
      return low < sorted.length && sorted[low].startsWith(tail);
    };
  }

  /** What turns ids into text as they come: the beginning of a character is held back. */
  decoder() {
    const decoder = newDecoder();
    return {
      push: (id) => decoder.decode(arrayOf(this.pieces[id]), { stream: true }),
      end: () => decoder.decode(),
    };
  }

  /**
   * An id for people: signs for what leaves no ink, bytes for what is half a character; null for
   * the boundary and for the unknown word, whose names depend on the language.
   */
  label(id) {
    if (id === this.boundary || id === this.unknown) return null;
    const piece = this.pieces[id];
    if (!piece) return `#${id}`;
    try {
      const text = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(arrayOf(piece));
      return visible(text);
    } catch {
      return `<${[...arrayOf(piece)].map(inHexadecimal).join(" ")}>`;
    }
  }
}

const inHexadecimal = (byte) => byte.toString(16).padStart(2, "0").toUpperCase();
const inOrder = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const SIGNS = { " ": "␣", "\n": "⏎", "\t": "⇥", "\u00a0": "⍽" };

/** A text with signs for blanks, and code points for what cannot be seen or turns the line. */
export function visible(text) {
  return [...text]
    .map((one) => SIGNS[one] ?? (/[\p{C}\p{Zl}\p{Zp}]/u.test(one) ? codePoint(one) : one))
    .join("");
}

function codePoint(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Cuts a text into parts that a table knows. */
function byTable(tokenizer, parts) {
  tokenizer.parts = parts;
  tokenizer.pieces.forEach((piece, id) => {
    if (piece && id !== tokenizer.unknown) tokenizer.table.set(tokenizer.texts[id], id);
  });
  return (text) => {
    const found = parts(text);
    const ids = found.map((one) => tokenizer.table.get(one) ?? tokenizer.unknown);
    return { ids, written: found.map(bytesOf) };
  };
}

function characters(tokenizer) {
  tokenizer.texts = tokenizer.pieces.map(textOf);
  return byTable(tokenizer, (text) => [...text]);
}

function graphemes(tokenizer) {
  tokenizer.texts = tokenizer.pieces.map(textOf);
  const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
  return byTable(tokenizer, (text) => Array.from(segmenter.segment(text), (one) => one.segment));
}

function words(tokenizer) {
  tokenizer.texts = tokenizer.pieces.map(textOf);
  const pattern = new RegExp(tokenizer.pattern, "gu");
  return byTable(tokenizer, (text) => text.match(pattern) ?? []);
}

function bytes() {
  return (text) => {
    const written = [...bytesOf(text)];
    return { ids: written.map((one) => one.charCodeAt(0)), written };
  };
}
