/** The part of the page where values of conditions are chosen; hidden where there are none. */

import { element, make } from "./elements.js";
import { number, say } from "./words.js";

export class Given {
  /**
   * @param {Record<string, any>} model
   */
  constructor(model) {
    const { names = [], values = [], any = true } = model.conditions ?? {};
    this.any = any;
    this.choices = names.map((name, k) => new Choice(k, name, values[k], any));
    this.guidance = element("guidance");
    element("given").hidden = !names.length;
    element("guidance-field").hidden = !any;
    element("choices").replaceChildren(...this.choices.map((one) => one.field));
  }

  /** Calls a function when something else was chosen. */
  onChange(changed) {
    for (const control of [this.guidance, ...this.choices.map((one) => one.select)]) {
      control.addEventListener("input", () => {
        this.render();
        changed();
      });
    }
  }

  /** Numbers of the values that are given, 0 where any may be. */
  get given() {
    return this.choices.map(({ select }) => Number(select.value));
  }

  /** What a sample is asked for with. */
  asked() {
    const { given } = this;
    const some = this.any && given.some(Boolean);
    return { given, guidance: some ? this.guidance.valueAsNumber : 1 };
  }

  /** All that depends on the language and on what is chosen. */
  render() {
    this.guidance.disabled = !this.given.some(Boolean);
    element("guidance-shown").textContent = number(this.guidance.valueAsNumber, 2);
    for (const one of this.choices) one.render();
  }
}

/** One condition: its name, and a list of its values. */
class Choice {
  constructor(k, name, values, any) {
    const id = `condition-${k}`;
    this.none = any ? make("option", { value: "0" }) : null;
    this.select = /** @type {HTMLSelectElement} */ (
      make("select", { id }, [
        ...(this.none ? [this.none] : []),
        ...values.map((value, i) => make("option", { value: String(i + 1), dir: "auto" }, [value])),
      ])
    );
    const label = make("label", { for: id, dir: "auto" }, [name]);
    this.field = make("p", { class: "field" }, [label, this.select]);
  }

  render() {
    if (this.none) this.none.textContent = say("any");
  }
}
