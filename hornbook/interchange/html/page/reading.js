/** The part of the page that reads: what each letter costs, and what could have come instead. */

import { afterRest, element, make } from "./elements.js";
import { visible } from "./tokens.js";
import { number, percent, say } from "./words.js";

const PAUSE = 150; // milliseconds without typing
const HOT = 6; // nats of a letter in the strongest colour
const MOST = 12; // tokens that could have come

export class Reading {
  /**
   * @param {import("./asking.js").Asking} asking
   * @param {import("./given.js").Given} given
   */
  constructor(asking, given) {
    this.asking = asking;
    this.given = given;
    this.letters = element("letters");
    this.turn = 0;
    this.found = this.open = null;
    const read = afterRest(() => this.read(), PAUSE);
    element("text").addEventListener("input", read);
    given.onChange(read);
    this.letters.addEventListener("click", ({ target }) => {
      const button = /** @type {HTMLElement} */ (target).closest("button");
      if (button) this.show(Number(button.dataset.at));
    });
    this.letters.addEventListener("keydown", (event) => this.move(event));
  }

  /** Takes a text from elsewhere, and goes there. */
  take(text) {
    element("text").value = text;
    this.read();
    element("text").focus();
    element("text").scrollIntoView({ block: "center" });
  }

  /** Finds what the text costs. */
  async read() {
    const turn = ++this.turn;
    const text = element("text").value;
    const found = text ? await this.asking.ask("score", { text, given: this.given.given }) : null;
    if (turn !== this.turn) return;
    this.found = found;
    this.open = null;
    this.render();
  }

  /** Draws all again. */
  render() {
    const { found } = this;
    const some = Boolean(found?.characters.length);
    for (const one of [this.letters, element("key")]) one.hidden = !some;
    element("instead").hidden = !this.open;
    this.letters.setAttribute("aria-label", say("letters"));
    this.letters.replaceChildren(...(some ? this.words() : []));
    element("reading-status").textContent = found ? this.summary() : "";
    if (this.open) this.renderInstead();
  }

  /** How surprising all of it is, in words. */
  summary() {
    const { tokens, unknown, estimated } = this.found;
    const told = [];
    if (tokens.length) {
      const mean = tokens.reduce((sum, token) => sum + token.nats, 0) / tokens.length;
      const known = { nats: number(mean, 2), choices: number(Math.exp(mean), 1) };
      told.push(Number.isFinite(mean) ? say("cost", known) : say("impossible"));
      if (estimated) told.push(say("estimated"));
      told.push(say("choose_letter"));
    }
    if (unknown.length) told.push(say("unknown", { list: unknown.map(visible).join(" ") }));
    return told.join(" ");
  }

  /** The buttons of all characters, those of a word together, and lines as they end. */
  words() {
    const found = [];
    let word = null;
    this.found.characters.forEach((character, at) => {
      if (!word) found.push((word = make("span")));
      word.append(this.letter(character, at));
      if (isBlank(character.text)) word = null;
      if (character.text === "\n") found.push("\n");
    });
    return found;
  }

  /** The button of a character. */
  letter({ text, nats, token }, at) {
    const blank = isBlank(text);
    const shown = text === "" ? "▮" : blank ? visible(text) : text;
    const button = make("button", {
      type: "button",
      tabindex: at === (this.at ?? 0) ? "0" : "-1",
      "aria-expanded": String(this.open?.at === at),
      "aria-controls": "instead",
      "aria-label": this.labelOf(text, nats, token),
      "data-at": String(at),
      ...(blank ? { class: "blank" } : {}),
    }, [shown]);
    button.style.setProperty("--cost", String(Math.min(1, nats / HOT)));
    button.title = this.labelOf(text, nats, token);
    return button;
  }

  labelOf(text, nats, token) {
    const letter = spokenLetter(text);
    const whole = this.found.tokens[token];
    const p = percent(Math.exp(-whole.nats));
    const word = this.found.written[token] ?? "";
    if (word === text) return say("letter", { letter, p: percent(Math.exp(-nats)) });
    return say("part", { letter, token: `“${visible(word)}”`, p });
  }

  /** Arrow keys go from letter to letter; Escape closes what could have come instead. */
  move(event) {
    const buttons = [...this.letters.querySelectorAll("button")];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 };
    if (event.key === "Escape" && this.open) {
      this.open = null;
      this.render();
      this.letters.querySelectorAll("button")[at]?.focus();
      return;
    }
    const to = steps[event.key];
    if (to === undefined || !buttons[to]) return;
    event.preventDefault();
    buttons[at].tabIndex = -1;
    buttons[to].tabIndex = 0;
    this.at = to;
    buttons[to].focus();
  }

  /** Shows what could stand in the place of a letter's token. */
  async show(at) {
    if (this.open?.at === at) {
      this.open = null;
      this.render();
      this.letters.querySelectorAll("button")[at]?.focus();
      return;
    }
    const { text, characters } = this.found;
    const place = characters[at].token;
    const turn = this.turn;
    const { given } = this.given;
    const next = await this.asking.ask("next", { text, place, most: MOST, given });
    if (turn !== this.turn) return;
    this.at = at;
    this.open = { at, place, next };
    this.render();
    this.letters.querySelectorAll("button")[at]?.focus();
  }

  renderInstead() {
    const { place, next } = this.open;
    const own = this.found.tokens[place];
    const values = {
      token: named(this.found.written[place] ?? ""),
      p: percent(Math.exp(-own.nats)),
      before: [...next.before].slice(-24).join(""),
    };
    element("instead-title").textContent = say(next.before ? "instead_after" : "instead", values);
    element("likely").replaceChildren(
      ...next.tokens.map(({ id, label, text, p, other }) => {
        const name = label ?? say(other ? "other_word" : "end");
        const amount = make("span", { class: "amount" });
        amount.style.setProperty("--p", String(p));
        const shown = percent(p);
        const button = make("button", {
          type: "button",
          "aria-label": say("take", { token: label === null ? name : spokenLetter(text), p: shown }),
          ...(id === own.id ? { class: "this" } : {}),
          ...(other ? { disabled: "" } : {}),
        }, [
          make("span", { dir: "auto" }, [name]),
          make("span", {}, [amount]),
          make("span", { class: "percent" }, [shown]),
        ]);
        button.addEventListener("click", () => this.take(next.before + text));
        return make("li", {}, [button]);
      }),
    );
  }
}

function isBlank(text) {
  return text === "" || /^\s$/u.test(text);
}

/** A token as it is shown in a sentence. */
function named(text) {
  return text === "" ? say("end") : `“${visible(text)}”`;
}

/** A character as it is read aloud. */
function spokenLetter(text) {
  const names = { "": "end", " ": "space", "\n": "line_break", "\t": "tab" };
  return text in names ? say(names[text]) : text;
}
