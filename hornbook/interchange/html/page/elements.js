/** Elements of the page: foreign text is always set as text. */

/** @param {string} id */
export function element(id) {
  return /** @type {HTMLElement & HTMLInputElement} */ (document.getElementById(id));
}

/**
 * All elements that a selector finds.
 *
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
export function elementsOf(selector) {
  return [...document.querySelectorAll(selector)].map((one) => /** @type {HTMLElement} */ (one));
}

/**
 * A new element.
 *
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function make(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Calls a function once some time has passed without another call. */
export function afterRest(f, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(f, milliseconds);
  };
}
