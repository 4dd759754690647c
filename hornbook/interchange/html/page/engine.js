/**
 * What the page computes: samples, the costs of a text, what could come next.
 *
 * It computes in pieces of a few milliseconds and lets others have their turn between them, so it
 * can be stopped at any time, in a worker or beside what is shown. Several answers are then in the
 * making at once: what a model's step gives is copied before the next turn, which may overwrite it.
 */

import { Bloom } from "./bloom.js";
import { Costs, charactersOf } from "./costs.js";
import { byLikelihood, choose, logSoftmax, shaped } from "./draw.js";
import { Guide } from "./guide.js";
import { Guided, addedBy } from "./guided.js";
import { modelOf } from "./models.js";
import { arraysIn, bytesOfBase64, unpacked } from "./tensors.js";
import { Tokenizer, textOf } from "./tokens.js";

const TURN = 12; // milliseconds

/** Waits until others had their turn. */
function nextTurn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Awaited between steps: most of the time it does nothing. */
class Turns {
  constructor() {
    this.began = performance.now();
  }

  async take() {
    if (performance.now() - this.began < TURN) return;
    await nextTurn();
    this.began = performance.now();
  }
}

export class Engine {
  /**
   * @param {Record<string, any>} spec the model's description
   * @param {string} packed its arrays in base64
   */
  static async load(spec, packed) {
    const data = await unpacked(bytesOfBase64(packed));
    return new Engine(spec, arraysIn(data, spec.arrays));
  }

  constructor(spec, arrays) {
    this.spec = spec;
    this.tokenizer = new Tokenizer(spec.tokenizer);
    this.model = modelOf(spec.model, arrays);
    this.costs = new Costs(this.tokenizer);
    this.novelty = spec.novelty ? new Bloom(spec.novelty, arrays(spec.novelty.array)) : null;
  }

  /** The ids that a model reads before others: what a context begins with, where it must be said. */
  afterStart(ids) {
    const { boundary, start } = this.tokenizer;
    return ids.length && boundary === null ? ids : [start, ...ids];
  }

  /**
   * The model where values of conditions are given; itself where none are.
   *
   * @param {{given?: number[], guidance?: number}} asked given: their numbers, 0 for none
   */
  told({ given = [], guidance = 1 }) {
    if (!given.some(Boolean)) return this.model;
    const { sizes } = this.spec.conditions;
    const added = addedBy(given, this.tokenizer.pieces.length, sizes);
    return new Guided(this.model, added, guidance);
  }

  /** Reads ids from the start: the state after them and the logits of what comes next. */
  async read(ids, model = this.model) {
    const [state, turns] = [model.begin(), new Turns()];
    let logits;
    for (const id of ids) {
      logits = model.step(state, id).slice();
      await turns.take();
    }
    return { state, logits };
  }

  /**
   * A sample, token by token.
   *
   * @param {{prefix?: string, temperature?: number, topK?: number, topP?: number,
   *   longest?: number, more?: number, uniforms?: number[], given?: number[], guidance?: number}}
   *   asked longest: tokens in all; more: or of them after the prefix; uniforms: the random
   *   numbers; given and guidance: see `told`
   * @yields {{text: string, done?: {text: string, ended: boolean, copied: boolean | null}}}
   */
  async *sample({ prefix = "", more, longest = this.spec.longest, uniforms, ...shape }) {
    const { tokenizer } = this;
    const model = this.told(shape);
    const whole = { temperature: 1, topK: 0, topP: 1, ...shape };
    const random = uniforms ? inTurn(uniforms) : Math.random;
    const known = tokenizer.known(prefix).text;
    const { ids, written } = tokenizer.cut(known);
    const left = tokenizer.leftToDraw(written);
    const kept = ids.length - left;
    let text = textOf(written.slice(0, kept).join(""));
    if (text) yield { text };
    const begun = await this.begun(ids.slice(0, kept), model, shape);
    const state = model.copy(begun.state);
    let logits = begun.logits.slice();
    if (tokenizer.boundary !== null && !known) logits[tokenizer.boundary] = -Infinity;
    const guide = new Guide(tokenizer, written.slice(kept).join(""));
    const [decoder, turns] = [tokenizer.decoder(), new Turns()];
    let ended = false;
    const most = left + (more ?? longest - ids.length);
    for (let room = most; room > 0; room--) {
      logits = guide.masked(logits);
      if (!logits.some(Number.isFinite)) break;
      const id = choose(shaped(logits, whole), random());
      guide.drawn(id);
      if (id === tokenizer.boundary) {
        ended = true;
        break;
      }
      const more = decoder.push(id);
      text += more;
      yield { text: more };
      if (room > 1) logits = model.step(state, id).slice();
      await turns.take();
    }
    const rest = decoder.end();
    text += rest;
    const copied = this.novelty ? this.novelty.has(text) : null;
    yield { text: rest, done: { text, ended, copied } };
  }

  /** What stands after a prompt; of the last one it is kept, for many samples begin with it. */
  async begun(ids, model, { given = [], guidance = 1 }) {
    const key = [ids, given, guidance].join(";");
    if (this.last?.key === key) return this.last;
    const begun = { key, ...(await this.read(this.afterStart(ids), model)) };
    this.last = begun;
    return begun;
  }

  /** What of a text can be read, and how many tokens that is. */
  async check({ text: given }) {
    const { text, unknown } = this.tokenizer.known(given);
    return { text, unknown, length: this.tokenizer.cut(text).ids.length };
  }

  /**
   * What each character of a text costs.
   *
   * @param {{text: string, given?: number[]}} asked given: see `told`
   */
  async score({ text: typed, given }) {
    const { tokenizer } = this;
    const model = this.told({ given });
    const { text, unknown } = tokenizer.known(typed);
    const { ids, written } = tokenizer.cut(text);
    const targets = tokenizer.boundary === null ? ids : [...ids, tokenizer.boundary];
    const [state, turns] = [model.begin(), new Turns()];
    const [tokens, costs] = [[], []];
    let before = this.spec.before;
    for (const target of targets) {
      const logp = logSoftmax(model.step(state, before));
      tokens.push({ id: target, nats: -logp[target] });
      costs.push(this.costs.ofToken(logp, target));
      before = target;
      await turns.take();
    }
    const ends = tokenizer.boundary === null ? [] : [""];
    return {
      text,
      unknown,
      characters: charactersOf([...written, ...ends], costs),
      tokens,
      written: written.map(textOf),
      estimated: tokenizer.several,
    };
  }

  /**
   * What could stand at a place of a text, the most likely first.
   *
   * @param {{text: string, place: number, most: number, given?: number[]}} asked place: of the
   *   token; given: see `told`
   */
  async next({ text: typed, place, most, given }) {
    const { tokenizer } = this;
    const { text } = tokenizer.known(typed);
    const { ids, written } = tokenizer.cut(text);
    const { logits } = await this.read(
      [this.spec.before, ...ids.slice(0, place)],
      this.told({ given }),
    );
    const logp = logSoftmax(logits);
    const shown = byLikelihood(logp).slice(0, most);
    return {
      before: textOf(written.slice(0, place).join("")),
      tokens: shown.map((id) => ({
        id,
        label: tokenizer.label(id),
        text: textOf(tokenizer.pieces[id]),
        p: Math.exp(logp[id]),
        other: id === tokenizer.unknown,
      })),
    };
  }

  /**
   * Logits after each of some ids, the model's own.
   *
   * @param {{ids: number[], given?: number[], guidance?: number}} asked
   */
  async logits({ ids, ...asked }) {
    const model = this.told(asked);
    const state = model.begin();
    return ids.map((id) => Array.from(model.step(state, id)));
  }

  /** The ids of a text. */
  async encode({ text }) {
    return this.tokenizer.cut(this.tokenizer.read(text)).ids;
  }
}

/** Gives numbers one after the other. */
function inTurn(numbers) {
  let at = 0;
  return () => {
    if (at === numbers.length) throw new RangeError("there are no more random numbers");
    return numbers[at++];
  };
}
