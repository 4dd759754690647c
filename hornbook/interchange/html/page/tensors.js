/**
 * Arrays as the page carries them: packed one after the other, compressed, in base64.
 *
 * @typedef {{at: number, length: number, type: string, shape: number[], scales?: string}} Entry
 *   at and length: bytes of the whole; type: float32, float16, int8, or an integer type;
 *   scales: name of the array with the factor of each row, of int8.
 * @typedef {Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array} Numbers
 */

const TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
};

/**
 * The bytes of a text in base64.
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOfBase64(text) {
  const { fromBase64 } = /** @type {any} */ (Uint8Array); // of newer browsers
  if (fromBase64) return fromBase64.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * What gzip packed.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<ArrayBuffer>}
 */
export async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Half-precision numbers by their sixteen bits: made when the first is asked for. */
let halves;

function tableOfHalves() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 0) halves[bits] = sign * fraction * 2 ** -24;
    else if (exponent === 31) halves[bits] = fraction ? NaN : sign * Infinity;
    else halves[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return halves;
}

/**
 * Gives arrays by name; floating-point ones as Float32Array, whatever they are packed as.
 *
 * @param {ArrayBuffer} data
 * @param {Record<string, Entry>} entries
 * @returns {(name: string) => Numbers}
 */
export function arraysIn(data, entries) {
  const made = new Map();
  const view = (entry, Kind) => new Kind(data.slice(entry.at, entry.at + entry.length));
  const read = (name) => {
    const entry = entries[name];
    if (entry.type === "float16") {
      const table = tableOfHalves();
      return Float32Array.from(view(entry, Uint16Array), (bits) => table[bits]);
    }
    if (entry.type === "int8") {
      const packed = view(entry, Int8Array);
      const scales = array(entry.scales);
      const columns = packed.length / scales.length;
      return Float32Array.from(packed, (value, i) => value * scales[(i / columns) | 0]);
    }
    return view(entry, TYPES[entry.type]);
  };
  const array = (name) => {
    if (!made.has(name)) made.set(name, read(name));
    return made.get(name);
  };
  return array;
}
