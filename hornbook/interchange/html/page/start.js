/** Where the program begins: in a worker it answers, in a page it shows. */

import { Asking } from "./asking.js";
import { element, elementsOf, make } from "./elements.js";
import { Given } from "./given.js";
import { Reading } from "./reading.js";
import { answering } from "./worker.js";
import { LANGUAGE_NAMES, familyName, number, preferred, say, speak, spoken } from "./words.js";
import { Writing } from "./writing.js";

/** All texts of the page that stand in its elements, and what its parts show. */
function translate(parts) {
  document.documentElement.lang = spoken() === "zh" ? "zh-Hans" : spoken();
  for (const one of elementsOf("[data-words]")) {
    one.textContent = say(one.dataset.words);
  }
  for (const button of elementsOf("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === spoken()));
  }
  for (const part of parts) part.render();
}

/** The title, where its maker gave none: one in each language. */
class Title {
  constructor(model) {
    this.title = model.title;
  }

  render() {
    const title = this.title[spoken()];
    if (title === undefined) return;
    document.title = title;
    element("title").textContent = title;
  }
}

/** What is known of the model. */
class Facts {
  constructor(model) {
    this.facts = model.facts;
  }

  render() {
    const { family, members, parameters, loss, holds } = this.facts;
    const names = members.map((member) => familyName(member).split(/[::]/u)[0]);
    const rows = [
      ["fact_model", [familyName(family, names)]],
      ["fact_size", [say("size", { parameters: number(parameters) })]],
      ["fact_loss", [this.loss(loss)]],
      ["fact_holds", holds.map((one) => one[spoken()])],
      ["fact_works", [say("works")]],
    ];
    element("facts").replaceChildren(
      ...rows.flatMap(([name, texts]) => [
        make("dt", {}, [say(name)]),
        make("dd", {}, [texts.join(spoken() === "zh" ? "" : " ")]),
      ]),
    );
  }

  loss({ precision, on, run, page }) {
    const values = { run: number(run, 4), on: say(`on_${on}`), page: number(page, 4) };
    if (!precision) return say("exact", values);
    return say("rounded", { ...values, precision: say(precision) });
  }
}

function startPage() {
  const program = element("program").textContent;
  document.addEventListener("DOMContentLoaded", () => {
    const model = JSON.parse(element("model").textContent);
    const asking = new Asking(program);
    const given = new Given(model);
    const reading = new Reading(asking, given);
    const writing = new Writing(asking, model, given, (text) => reading.take(text));
    const parts = [given, writing, reading, new Title(model), new Facts(model)];
    translate(parts);
    for (const name of LANGUAGE_NAMES) {
      document.querySelector(`[data-language="${name}"]`).addEventListener("click", () => {
        speak(name);
        translate(parts);
      });
    }
    asking.tell({ kind: "load", spec: model, packed: element("arrays").textContent });
    element("arrays").remove();
    asking.ready.then(
      () => writing.begin(),
      (error) => writing.tell(() => say("failed", { error: error.message })),
    );
    // For whoever looks into the console: hornbook.ask("score", {text: "emma"})
    globalThis.hornbook = { ask: (kind, asked) => asking.ask(kind, asked), ready: asking.ready };
  });
  speak(preferred(navigator.languages));
  translate([]);
}

if (typeof document === "undefined") {
  const answer = answering((message) => globalThis.postMessage(message));
  globalThis.onmessage = ({ data }) => answer(data);
} else {
  startPage();
}
