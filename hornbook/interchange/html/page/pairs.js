/**
 * Byte pairs: a text is split by a pattern, and in each part the two neighbours that together are
 * the token of the lowest id become one, as long as there are any.
 */

/** What cuts texts into byte pairs. */
export function pairCutter(tokenizer) {
  const { pieces } = tokenizer;
  const pattern = new RegExp(tokenizer.pattern, "gu");
  const ranks = new Map();
  pieces.forEach((piece, id) => piece && ranks.set(piece, id));
  const encoder = new TextEncoder();
  return (text) => {
    const ids = [];
    for (const part of split(text, pattern)) {
      let bytes = "";
      for (const byte of encoder.encode(part)) bytes += String.fromCharCode(byte);
      ids.push(...joined(bytes, ranks));
    }
    return { ids, written: ids.map((id) => pieces[id]) };
  };
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
 * @param {string} bytes
 * @param {Map<string, number>} ranks
 * @returns {number[]}
 */
function joined(bytes, ranks) {
  const whole = ranks.get(bytes);
  if (whole !== undefined) return [whole];
  const parts = [...bytes];
  const rankAt = (i) => ranks.get(parts[i] + parts[i + 1]) ?? Infinity;
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
  return parts.map((part) => ranks.get(part));
}
