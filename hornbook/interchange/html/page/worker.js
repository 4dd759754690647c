/**
 * The engine behind messages: in a worker, so that typing stays smooth, or where there can be none
 * beside the page itself.
 *
 *     to it     {kind: "load", spec, packed}   {id, kind, asked}   {id, kind: "stop"}
 *     from it   {kind: "ready"}   {id, piece}   {id, answer}   {id, error}
 */

import { Engine } from "./engine.js";

/**
 * Answers messages.
 *
 * @param {(message: any) => void} tell
 * @returns {(message: any) => void}
 */
export function answering(tell) {
  /** @type {Promise<Engine> | undefined} */
  let engine;
  const stopped = new Set();
  const answer = async ({ id, kind, asked }) => {
    const found = await engine;
    if (kind !== "sample") return found[kind](asked);
    for await (const { text, done } of found.sample(asked)) {
      if (stopped.delete(id)) return null;
      if (done) return done;
      tell({ id, piece: text });
    }
    return null;
  };
  return (message) => {
    const { id, kind, spec, packed } = message;
    if (kind === "stop") stopped.add(id);
    else if (kind === "load") {
      engine = Engine.load(spec, packed);
      engine.then(
        () => tell({ kind: "ready" }),
        (error) => tell({ kind: "ready", error: String(error) }),
      );
    } else {
      answer(message).then(
        (found) => tell({ id, answer: found }),
        (error) => tell({ id, error: String(error) }),
      );
    }
  };
}
