/** What the page says, in each of its languages. */

/** Lengthens no text, for a table of words: `{name}` is replaced. */
const ENGLISH = {
  given: "What is given",
  any: "any",
  guidance: "Guidance, in writing",
  guidance_hint: "1: as it learned. Above: more typical of what is given, and less varied.",
  writing: "Let it write",
  prefix: "Begin with (may be empty)",
  temperature: "Temperature",
  temperature_hint: "Low: the likeliest. High: more daring.",
  more: "More settings",
  top_k: "Only the k most likely tokens (0: all)",
  top_p: "Only the most likely tokens that have this probability together",
  write: "Write",
  go_on: "Go on from here",
  stop: "Stop",
  loading: "Reading the model …",
  failed: "The model could not be read: {error}",
  writing_now: "Writing …",
  written: "{count} written.",
  stopped: "Stopped.",
  nothing: "Nothing can follow this beginning.",
  too_long: "The beginning has {length} tokens; a sample has at most {most}.",
  unknown: "Not in its vocabulary, and left out: {list}.",
  sees: "It sees the last {context} tokens of a beginning only.",
  copies: "{count} marked as training data.",
  copied: "in the training data",
  cut: "cut at the greatest length",
  look: "{text}. Show what each letter costs",
  samples: "Samples",
  story: "Text",
  reading: "What it expects",
  text: "Type something: each letter is coloured by how much it surprises the model",
  expected: "expected",
  surprising: "surprising",
  cost: "{nats} nats per token: as if each time one of {choices} equally likely ones came.",
  impossible: "Infinite nats per token: something here never came in the training data, and has no chance.",
  estimated: "Letters within a token are estimates.",
  choose_letter: "Choose a letter to see what could have come instead.",
  letters: "Letters, from the first to the last; the arrow keys move between them",
  letter: "{letter}, probability {p}",
  part: "{letter}, in the token {token}, {p}",
  instead: "Instead of {token} ({p})",
  instead_after: "Instead of {token} ({p}), after “{before}”",
  take: "{token}, {p}. Take this instead",
  end: "(end)",
  other_word: "(any other word)",
  space: "space",
  line_break: "line break",
  tab: "tab",
  taken: "Now: “{text}”",
  about: "About this page",
  fact_model: "Model",
  fact_size: "Size",
  fact_loss: "Loss",
  fact_holds: "What it holds of the training data",
  fact_works: "How it works",
  size: "{parameters} learned numbers",
  exact: "{run} nats per token on {on}.",
  rounded: "{run} nats per token on {on}; with this page's weights ({precision}) {page}.",
  on_dev: "data held out",
  on_train: "its training data",
  on_samples: "text that it drew itself",
  int8: "8 bits",
  float16: "16 bits",
  float32: "32 bits",
  works: "Everything is in this file. Nothing is loaded, and nothing that you type leaves it.",
  licence: "Licence",
  made_with: "Made with",
  families: {
    ngram: "n-grams: counts of which tokens follow each other",
    bigram: "bigram: a net that sees one token",
    mlp: "multilayer perceptron on the last tokens",
    wavenet: "WaveNet: neighbours merged level by level",
    bow: "bag of words: the average of all before",
    gpt: "GPT: a transformer",
    rnn: "recurrent net",
    gru: "recurrent net with gates (GRU)",
    lstm: "recurrent net with a long memory (LSTM)",
    mixture: "mixture of {members}",
  },
};

const CHINESE = {
  given: "给定条件",
  any: "任意",
  guidance: "引导强度（写作时）",
  guidance_hint: "1：按学到的来。更大：更符合所给条件，但变化更少。",
  writing: "让它写",
  prefix: "开头（可以留空）",
  temperature: "温度",
  temperature_hint: "低：最可能的结果。高：更大胆。",
  more: "更多设置",
  top_k: "只从最可能的 k 个词元中选（0：全部）",
  top_p: "只从概率之和达到此值的最可能词元中选",
  write: "开始写",
  go_on: "接着写",
  stop: "停止",
  loading: "正在读取模型……",
  failed: "无法读取模型：{error}",
  writing_now: "正在写……",
  written: "已写 {count} 条。",
  stopped: "已停止。",
  nothing: "这个开头之后没有任何可能的内容。",
  too_long: "开头有 {length} 个词元；一个样本最多 {most} 个。",
  unknown: "词表里没有、已略去：{list}。",
  sees: "它只看得到开头的最后 {context} 个词元。",
  copies: "其中 {count} 条标为训练数据。",
  copied: "训练数据中已有",
  cut: "达到最大长度，已截断",
  look: "{text}。查看每个字符的代价",
  samples: "样本",
  story: "文本",
  reading: "它预期什么",
  text: "输入文字：颜色表示每个字符让模型多意外",
  expected: "意料之中",
  surprising: "出乎意料",
  cost: "每个词元 {nats} 纳特：相当于每次从 {choices} 个同样可能的词元中选一个。",
  impossible: "每个词元无穷多纳特：其中有训练数据里从未出现过的，模型认为它不可能。",
  estimated: "词元内部各字符的数值是估计。",
  choose_letter: "点选一个字符，看看这里还可能出现什么。",
  letters: "从头到尾的字符；用方向键移动",
  letter: "{letter}，概率 {p}",
  part: "{letter}，属于词元 {token}，{p}",
  instead: "除了 {token}（{p}），还可能是",
  instead_after: "“{before}”之后，除了 {token}（{p}），还可能是",
  take: "{token}，{p}。换成这个",
  end: "（结束）",
  other_word: "（其他任何词）",
  space: "空格",
  line_break: "换行",
  tab: "制表符",
  taken: "现在是：“{text}”",
  about: "关于本页",
  fact_model: "模型",
  fact_size: "大小",
  fact_loss: "损失",
  fact_holds: "含有训练数据的什么",
  fact_works: "如何运行",
  size: "学到 {parameters} 个数",
  exact: "在{on}上每个词元 {run} 纳特。",
  rounded: "在{on}上每个词元 {run} 纳特；用本页的权重（{precision}）为 {page}。",
  on_dev: "留出的数据",
  on_train: "训练数据",
  on_samples: "它自己生成的文本",
  int8: "8 位",
  float16: "16 位",
  float32: "32 位",
  works: "一切都在这个文件里。不加载任何东西，你输入的内容也不会离开本页。",
  licence: "许可",
  made_with: "制作工具：",
  families: {
    ngram: "n 元语法：统计哪些词元相继出现",
    bigram: "二元网络：只看一个词元",
    mlp: "读最后几个词元的多层感知机",
    wavenet: "WaveNet：逐层合并相邻的词元",
    bow: "词袋：之前所有内容的平均",
    gpt: "GPT：Transformer",
    rnn: "循环网络",
    gru: "带门的循环网络（GRU）",
    lstm: "有长期记忆的循环网络（LSTM）",
    mixture: "混合模型：{members}",
  },
};

const LANGUAGES = { en: ENGLISH, zh: CHINESE };

/** The languages that there are. */
export const LANGUAGE_NAMES = Object.keys(LANGUAGES);

let language = "en";

/** The language that is spoken now. */
export function spoken() {
  return language;
}

/** The first of a reader's languages that the page speaks. */
export function preferred(wanted) {
  const known = wanted.map((one) => one.toLowerCase().split("-")[0]);
  return known.find((one) => one in LANGUAGES) ?? "en";
}

/** @param {string} name */
export function speak(name) {
  language = name;
}

/**
 * A text of the page in the language that is spoken.
 *
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 */
export function say(name, values = {}) {
  return filled(LANGUAGES[language][name], values);
}

/** The name of a family, or its short name where it has none. */
export function familyName(family, members = []) {
  const names = LANGUAGES[language].families;
  const list = members.map((one) => one).join(" + ");
  return filled(names[family] ?? family, { members: list });
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** A share as people write it. */
export function percent(p) {
  const digits = p === 0 || p >= 0.0995 ? 0 : p >= 0.001 ? 1 : 3;
  return new Intl.NumberFormat(language, {
    style: "percent",
    minimumFractionDigits: Math.min(digits, 1),
    maximumFractionDigits: digits,
  }).format(p);
}

/** A number as people write it. */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}
