/** Asks the engine and waits for its answers. */

import { answering } from "./worker.js";

export class Asking {
  /**
   * @param {string} program the text of this program, which a worker runs too
   */
  constructor(program) {
    this.waiting = new Map();
    this.last = 0;
    this.hear = this.hear.bind(this);
    this.ready = new Promise((resolve, reject) => {
      this.loaded = (error) => (error ? reject(new Error(error)) : resolve());
    });
    try {
      const home = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
      const worker = new Worker(home);
      worker.onmessage = ({ data }) => this.hear(data);
      worker.onerror = (event) => this.loaded(event.message || "the worker failed");
      this.tell = (message) => worker.postMessage(message);
    } catch {
      this.tell = answering(this.hear); // some browsers allow no worker in a file
    }
  }

  hear({ kind, id, piece, answer, error }) {
    if (kind === "ready") {
      this.loaded(error);
      return;
    }
    const one = this.waiting.get(id);
    if (piece !== undefined) {
      one?.onPiece(piece);
      return;
    }
    this.waiting.delete(id);
    if (error) one?.reject(new Error(error));
    else one?.resolve(answer);
  }

  /**
   * Ask for one thing.
   *
   * @param {string} kind a method of the engine
   * @param {any} asked
   * @param {(piece: string) => void} [onPiece] is given the pieces of a sample as they come
   * @returns {Promise<any> & {stop: () => void}} null if it was stopped
   */
  ask(kind, asked = {}, onPiece = () => {}) {
    const id = ++this.last;
    const found = new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onPiece });
      this.tell({ id, kind, asked });
    });
    return Object.assign(found, { stop: () => this.tell({ id, kind: "stop" }) });
  }
}
