/**
 * Conditions: what is given beside a text, as values of columns that its data had.
 *
 * As in a run, an id that is read says what is given, too: token + V · (v₁ + n₁ v₂ + n₁ n₂ v₃ + …),
 * for the numbers v of the values, 0 where none is given. What remembers ids knows nothing of it.
 */

/**
 * What is added to ids where some values are given.
 *
 * @param {number[]} given numbers of values
 * @param {number} size V
 * @param {number[]} sizes how many values each condition has, n
 */
export function addedBy(given, size, sizes) {
  let [added, place] = [0, size];
  sizes.forEach((count, k) => {
    added += (given[k] ?? 0) * place;
    place *= count;
  });
  return added;
}

/**
 * An id without what is given, and the numbers of the values that are.
 *
 * @param {number} id
 * @param {number} size V
 * @param {number[]} sizes n
 */
export function apart(id, size, sizes) {
  const token = id % size;
  let rest = (id - token) / size;
  const values = sizes.map((count) => {
    const value = rest % count;
    rest = (rest - value) / count;
    return value;
  });
  return { token, values };
}

/**
 * A model with some values given. With a guidance g other than 1 its logits are l₀ + g (l - l₀),
 * for l with the values and l₀ without: above 1 what tells the values apart counts for more.
 */
export class Guided {
  /**
   * @param {any} model
   * @param {number} added to the ids
   * @param {number} guidance
   */
  constructor(model, added, guidance) {
    this.model = model;
    this.added = added;
    this.guidance = guidance;
  }

  begin() {
    const begun = [this.model.begin()];
    return this.guidance === 1 ? begun : [...begun, this.model.begin()];
  }

  copy(states) {
    return states.map((state) => this.model.copy(state));
  }

  step([told, untold], id) {
    const logits = this.model.step(told, id + this.added);
    if (untold === undefined) return logits;
    const y = Float64Array.from(logits);
    const plain = this.model.step(untold, id);
    for (let i = 0; i < y.length; i++) {
      const possible = Number.isFinite(y[i]) && Number.isFinite(plain[i]);
      y[i] = possible ? plain[i] + this.guidance * (y[i] - plain[i]) : -Infinity;
    }
    return y;
  }
}
