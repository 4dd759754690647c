/** The part of the page that writes: many samples of lines, or one text that goes on. */

import { afterRest, element, make } from "./elements.js";
import { number, say } from "./words.js";

const SAMPLES = 20;
const REST = 300; // milliseconds without typing

export class Writing {
  /**
   * @param {import("./asking.js").Asking} asking
   * @param {Record<string, any>} model
   * @param {import("./given.js").Given} given
   * @param {(text: string) => void} look is given a sample whose letters are to be looked at
   */
  constructor(asking, model, given, look) {
    this.asking = asking;
    this.model = model;
    this.given = given;
    this.look = look;
    this.lines = model.kind === "lines";
    this.samples = element("samples");
    this.story = element("story");
    this.shown = () => say("loading");
    this.turn = 0;
    /** @type {Line[]} */
    this.drawn = [];
    element("temperature").value = String(model.temperature);
    element("prefix").setAttribute("rows", this.lines ? "1" : "3");
    this.samples.classList.toggle("long", model.longest > 40);
    this.listen();
  }

  listen() {
    const again = afterRest(() => this.write(), REST);
    element("writing").addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    element("prefix").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || !this.lines || event.isComposing) return;
      event.preventDefault();
      this.write();
    });
    for (const id of ["prefix", "temperature", "top-k", "top-p"]) {
      element(id).addEventListener("input", () => {
        this.render();
        if (this.lines) again();
      });
    }
    this.given.onChange(again);
    element("stop").addEventListener("click", () => this.halt());
    element("go-on").addEventListener("click", () => this.write(this.story.textContent));
  }

  /** The engine is there: write at once. */
  begin() {
    element("write").disabled = false;
    this.write();
  }

  /** What is asked for, as the form has it. */
  asked() {
    const [topK, topP] = [element("top-k").valueAsNumber, element("top-p").valueAsNumber];
    return {
      temperature: element("temperature").valueAsNumber,
      topK: topK > 0 ? Math.floor(topK) : 0,
      topP: topP > 0 && topP < 1 ? topP : 1,
      ...this.given.asked(),
    };
  }

  halt() {
    this.turn++;
    this.current?.stop();
    this.busy(false);
    this.tell(() => say("stopped"));
  }

  /** Write from the prefix, or from a text. */
  async write(from = element("prefix").value) {
    this.current?.stop();
    const turn = ++this.turn;
    this.tell(() => say("writing_now"));
    this.busy(true);
    try {
      const { prefix, notes } = await this.checked(from);
      if (turn !== this.turn) return;
      if (prefix === null) this.tell(notes);
      else if (this.lines) await this.writeLines(prefix, notes, turn);
      else await this.writeStory(prefix, notes, turn);
    } catch (error) {
      this.tell(() => String(error));
    }
    if (turn === this.turn) this.busy(false);
  }

  /** A beginning as it can be read, or null; and what must be said of it. */
  async checked(from) {
    const { text, unknown, length } = await this.asking.ask("check", { text: from });
    const { longest, context } = this.model;
    if (this.lines && length >= longest) {
      const most = number(longest);
      return { prefix: null, notes: () => say("too_long", { length: number(length), most }) };
    }
    const notes = () => {
      const told = [];
      if (unknown.length) told.push(say("unknown", { list: unknown.slice(0, 20).join(" ") }));
      if (context && length > context) told.push(say("sees", { context: number(context) }));
      return told.join(" ");
    };
    return { prefix: text, notes };
  }

  async writeLines(prefix, notes, turn) {
    this.samples.replaceChildren();
    this.samples.hidden = false;
    this.drawn = [];
    let [count, copies] = [0, 0];
    for (let i = 0; i < SAMPLES; i++) {
      const line = new Line(this.look);
      this.samples.append(line.item);
      this.drawn.push(line);
      this.current = this.asking.ask("sample", { prefix, ...this.asked() }, (piece) =>
        line.add(piece),
      );
      const done = await this.current;
      if (turn !== this.turn || !done) return;
      if (!done.ended && !done.text) {
        line.item.remove();
        this.drawn.pop();
        this.tell(() => say("nothing"));
        return;
      }
      line.end(done);
      count++;
      copies += done.copied ? 1 : 0;
    }
    this.tell(() => {
      const told = [say("written", { count: number(count) })];
      if (this.model.novelty) told.push(say("copies", { count: number(copies) }));
      return [...told, notes()].join(" ").trim();
    });
  }

  async writeStory(prefix, notes, turn) {
    this.story.textContent = "";
    this.story.hidden = false;
    let waiting = "";
    const show = () => {
      this.story.append(waiting);
      this.story.normalize();
      waiting = "";
    };
    const asked = { prefix, more: this.model.longest, ...this.asked() };
    this.current = this.asking.ask("sample", asked, (piece) => {
      if (!waiting) requestAnimationFrame(() => turn === this.turn && show());
      waiting += piece;
    });
    const done = await this.current;
    if (turn !== this.turn || !done) return;
    this.story.textContent = done.text;
    waiting = "";
    this.tell(done.text === prefix ? () => say("nothing") : notes);
  }

  busy(yes) {
    element("stop").hidden = !yes;
    element("go-on").hidden = yes || this.lines || !this.story.textContent;
  }

  /** Says something, now and whenever the language changes. */
  tell(shown) {
    this.shown = shown;
    element("writing-status").textContent = shown();
  }

  /** All that depends on the language, and the temperature as a number. */
  render() {
    element("temperature-shown").textContent = number(element("temperature").valueAsNumber, 2);
    element("writing-status").textContent = this.shown();
    this.samples.setAttribute("aria-label", say("samples"));
    this.story.setAttribute("aria-label", say("story"));
    for (const line of this.drawn) line.render();
  }
}

/** A sample in the list: a button that shows what its letters cost. */
class Line {
  constructor(look) {
    this.text = "";
    this.marks = [];
    this.words = make("span", { dir: "auto" });
    this.button = make("button", { type: "button" }, [this.words]);
    this.button.addEventListener("click", () => look(this.text));
    this.item = make("li", {}, [this.button]);
  }

  add(piece) {
    this.text += piece;
    this.words.textContent = this.text;
  }

  end({ text, ended, copied }) {
    this.text = text;
    this.marks = [...(copied ? ["copied"] : []), ...(ended ? [] : ["cut"])];
    this.render();
  }

  render() {
    const marks = this.marks.map((mark) => make("span", { class: "mark" }, [`(${say(mark)})`]));
    this.words.textContent = this.text;
    this.button.replaceChildren(this.words, ...marks);
    const told = [this.text, ...this.marks.map((mark) => say(mark))].join(", ");
    this.button.setAttribute("aria-label", say("look", { text: told }));
  }
}
