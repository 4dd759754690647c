/**
 * Byte pairs: a text is split by patterns, one after the other, and in each part the two neighbours
 * that come first in a list become one, as long as there are any. Without a list of pairs they are
 * the two that together are the token of the lowest id.
 */

/** What cuts texts into byte pairs. */
export function pairCutter(tokenizer) {
  const { pieces, spec } = tokenizer;
  const patterns = spec.patterns.map((pattern) => new RegExp(pattern, "gu"));
  const defined = new Map(spec.defined);
  const named = spec.defined?.length ? anyOf([...defined.keys()]) : null;
  const known = new Map();
  for (const id of spec.joined ?? pieces.keys()) if (pieces[id]) known.set(pieces[id], id);
  const rank = spec.merges ? rankInList(pieces, spec.merges) : (a, b) => known.get(a + b) ?? Infinity;
  const encoder = new TextEncoder();
  return (text) => {
    const ids = [];
    for (const stretch of named ? split(text, named) : [text]) {
      if (defined.has(stretch)) {
        ids.push(defined.get(stretch));
        continue;
      }
      let parts = [stretch];
      for (const pattern of patterns) parts = parts.flatMap((part) => [...split(part, pattern)]);
      for (const part of parts) {
        let bytes = "";
        for (const byte of encoder.encode(part)) bytes += String.fromCharCode(byte);
        const whole = spec.whole ? known.get(bytes) : undefined;
        if (whole !== undefined) ids.push(whole);
        else for (const piece of joined(bytes, rank)) ids.push(known.get(piece));
      }
    }
    return { ids, written: ids.map((id) => pieces[id]) };
  };
}

/** A pattern that finds some texts, of several that begin at one place the longest. */
function anyOf(texts) {
  const longest = [...texts].sort((a, b) => b.length - a.length);
  return new RegExp(longest.map((text) => text.replace(/[\^$\\.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "gu");
}

/**
 * The place of two neighbours in a list of pairs of ids.
 *
 * @param {string[]} pieces
 * @param {number[]} merges
 */
function rankInList(pieces, merges) {
  const ranks = new Map();
  const key = (a, b) => `${a}\u0100${b}`; // which is not a byte
  for (let i = 0; i < merges.length; i += 2) ranks.set(key(pieces[merges[i]], pieces[merges[i + 1]]), i);
  return (a, b) => ranks.get(key(a, b)) ?? Infinity;
}

/** What a pattern finds in a text; what it leaves out is a part, too. */
function* split(text, pattern) {
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > end) yield text.slice(end, found.index);
    if (found[0]) yield found[0];
    end = found.index + found[0].length;
  }
  if (end < text.length) yield text.slice(end);
}

/**
 * The bytes of a part, joined.
 *
 * @param {string} bytes
 * @param {(first: string, second: string) => number} rank
 * @returns {string[]}
 */
function joined(bytes, rank) {
  const parts = [...bytes];
  const rankAt = (i) => rank(parts[i], parts[i + 1]);
  const pairs = parts.slice(1).map((_, i) => rankAt(i));
  while (pairs.length) {
    let best = 0;
    for (let i = 1; i < pairs.length; i++) if (pairs[i] < pairs[best]) best = i;
    if (pairs[best] === Infinity) break;
    parts.splice(best, 2, parts[best] + parts[best + 1]);
    pairs.splice(best, 1);
    if (best < pairs.length) pairs[best] = rankAt(best);
    if (best > 0) pairs[best - 1] = rankAt(best - 1);
  }
  return parts;
}
