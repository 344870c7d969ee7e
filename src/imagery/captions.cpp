#include "imagery/captions.h"

#include <algorithm>

#include "base/error.h"
#include "base/resource.h"
#include "data/table_file.h"

namespace vitrine::imagery {
namespace {

constexpr Pattern kPatterns[] = {Pattern::plain, Pattern::patterned};

std::string background_word(ColourName colour, Language language) {
  return language == Language::zh ? concat(chinese(colour), "背景") : concat(english(colour), " background");
}

template <typename T>
std::string word_of(T value, Language language) {
  return std::string(language == Language::zh ? chinese(value) : english(value));
}

void add_once(std::vector<std::string>& words, std::string word) {
  if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
}

/// Class before colour before pattern before all else.
int rank_of(const data::Attribute& attribute) {
  constexpr std::string_view kFirst[] = {"类型", "颜色", "图案"};
  return static_cast<int>(std::find(std::begin(kFirst), std::end(kFirst), attribute.key) - std::begin(kFirst));
}

/// The narrowest shop category that captions have a word for, before the 类型 of the table.
std::string class_word(const data::Product& product, const CaptionWords& captions) {
  for (auto category = product.category_path.rbegin(); category != product.category_path.rend(); ++category) {
    if (captions.word_for(*category).known) return *category;
  }
  return product.category_path.empty() ? "" : product.category_path.back();
}

bool has_type(const data::Product& product) {
  return std::any_of(product.attributes.begin(), product.attributes.end(), [](const data::Attribute& a) { return a.key == "类型"; });
}

bool says_background(const data::Product& product) {
  return std::any_of(product.attributes.begin(), product.attributes.end(), [](const data::Attribute& a) { return a.key == "背景"; });
}

}  // namespace

CaptionFacts facts_of(std::string_view label, const PictureTraits& traits) {
  return {std::string(label), traits.garment.name, traits.pattern, traits.background.name};
}

CaptionWords CaptionWords::load() {
  CaptionWords captions;
  for (size_t i = 0; i < kColourNames; ++i) {
    const auto name = static_cast<ColourName>(i);
    captions.add_word(chinese(name), {std::string(chinese(name)), std::string(english(name)), true});
    captions.add_word(english(name), {std::string(chinese(name)), std::string(english(name)), true});
  }
  for (const Pattern pattern : kPatterns) {
    for (const std::string_view word : {chinese(pattern), english(pattern)}) {
      captions.add_word(word, {std::string(chinese(pattern)), std::string(english(pattern)), true});
    }
  }
  captions.load_classes();
  captions.load_words();
  return captions;
}

void CaptionWords::add_word(std::string_view word, const CaptionWord& caption) { words_.emplace(data::fold_name(word), caption); }

void CaptionWords::load_classes() {
  const auto path = resource_path("rules/pictures/classes.tsv");
  for (const data::TableRow& row : data::read_table(path, {"class", "zh", "en", "wide", "wide_en"})) {
    const Class words{row.cells[1], row.cells[2]};
    const auto wide = data::split_any(row.cells[3], U"|"), wide_en = data::split_any(row.cells[4], U"|");
    if (words.zh.empty() || words.en.empty() || wide.size() != wide_en.size() || !classes_.emplace(row.cells[0], words).second)
      throw Corrupt(concat("[CaptionWords] ", path.string(), " line ", row.line, ": a word is missing, or the class is there twice"));
    add_word(row.cells[0], {words.zh, words.en, true});
    for (const std::string& word : {words.zh, words.en}) add_word(word, {words.zh, words.en, true});
    for (size_t i = 0; i < wide.size(); ++i) {
      for (const std::string& word : {wide[i], wide_en[i]}) add_word(word, {wide[i], wide_en[i], true});
    }
    wider_[words.zh] = wide;
    wider_[words.en] = wide_en;
  }
}

void CaptionWords::load_words() {
  const auto path = resource_path("rules/pictures/words.tsv");
  for (const data::TableRow& row : data::read_table(path, {"word", "caption"})) {
    const CaptionWord caption = word_for(row.cells[1]);
    if (!caption.known) throw Corrupt(concat("[CaptionWords] ", path.string(), " line ", row.line, ": '", row.cells[1], "' is no caption word"));
    add_word(row.cells[0], caption);
  }
}

std::vector<std::string> CaptionWords::words(const CaptionFacts& facts, Language language) const {
  std::vector<std::string> words;
  if (!facts.label.empty()) {
    const CaptionWord label = word_for(facts.label);
    words.push_back(language == Language::zh ? label.zh : label.en);
  }
  if (facts.colour) words.push_back(word_of(*facts.colour, language));
  if (facts.pattern) words.push_back(word_of(*facts.pattern, language));
  if (facts.background) words.push_back(background_word(*facts.background, language));
  return words;
}

CaptionWord CaptionWords::word_for(std::string_view value) const {
  const auto found = words_.find(data::fold_name(value));
  return found != words_.end() ? found->second : CaptionWord{std::string(value), std::string(value), false};
}

std::vector<std::string> CaptionWords::wider(std::string_view class_word) const {
  const auto found = wider_.find(class_word);
  return found != wider_.end() ? found->second : std::vector<std::string>{};
}

std::vector<std::string> CaptionWords::classes() const {
  std::vector<std::string> names;
  for (const auto& [name, words] : classes_) names.push_back(name);
  return names;
}

std::vector<std::string> CaptionWords::classes_of(std::string_view word) const {
  std::vector<std::string> own, wide;
  for (const auto& [name, words] : classes_) {
    const auto& wider_words = wider_.at(words.zh);
    if (words.zh == word) own.push_back(name);
    if (std::find(wider_words.begin(), wider_words.end(), word) != wider_words.end()) wide.push_back(name);
  }
  return own.empty() ? wide : own;
}

std::string join_words(const std::vector<std::string>& words, Language language) {
  std::string line;
  for (const std::string& word : words) line += concat(line.empty() ? "" : language == Language::zh ? " " : ", ", word);
  return line;
}

std::vector<std::string> noisy_words(std::vector<std::string> words, const CaptionNoise& noise, const CaptionWords& captions, RandomKey key) {
  for (const double chance : {noise.drop_word, noise.drop_caption, noise.wider_word})
    VITRINE_REQUIRE(chance >= 0 && chance <= 1, "[noisy_words] chance: expected 0 to 1, got ", chance);
  if (words.empty() || key.fold_in("caption").uniform(0) < noise.drop_caption) return {};
  const auto wider = captions.wider(words.front());
  const RandomKey wide = key.fold_in("wider");
  if (!wider.empty() && wide.uniform(0) < noise.wider_word) words.front() = wider[wide.below(wider.size(), 1)];
  const RandomKey drop = key.fold_in("word");
  std::vector<std::string> kept = {words.front()};
  for (size_t i = 1; i < words.size(); ++i) {
    if (drop.uniform(i) >= noise.drop_word) kept.push_back(std::move(words[i]));
  }
  if (noise.shuffle) RandomStream(key.fold_in("order")).shuffle(kept);
  return kept;
}

Prompt build_prompt(data::Product product, const CaptionWords& captions, const data::AttributeNormalizer& normalizer,
                    const data::AttributeStatistics& statistics, const PromptConfig& config) {
  Prompt prompt;
  if (config.normalize) prompt.unmapped = normalizer.normalize(product);
  std::vector<bool> dropped(product.attributes.size(), false);
  if (config.min_tf_idf > 0) {
    prompt.sparse = data::sparse_pairs(product, statistics, normalizer.type_of(data::category_of(product)), config.min_tf_idf);
    for (const data::SparsePair& pair : prompt.sparse) dropped[static_cast<size_t>(pair.attr_idx)] = true;
  }
  std::vector<const data::Attribute*> order;
  for (size_t i = 0; i < dropped.size(); ++i) {
    if (!dropped[i]) order.push_back(&product.attributes[i]);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return rank_of(*a) < rank_of(*b); });
  const auto add = [&](std::string_view value) {
    const CaptionWord word = captions.word_for(value);
    const size_t before = prompt.words.size();
    add_once(prompt.words, config.language == Language::zh ? word.zh : word.en);
    if (word.known) add_once(prompt.captions, word.zh);
    if (!word.known && prompt.words.size() > before) prompt.unknown.push_back(prompt.words.back());
  };
  const std::string shop_class = class_word(product, captions);
  const bool shop_says_it = captions.word_for(shop_class).known;
  if (shop_says_it || !has_type(product)) add(shop_class);
  for (const data::Attribute* attribute : order) {
    if (!shop_says_it || attribute->key != "类型") add(attribute->val);
  }
  if (config.background && !prompt.words.empty() && !says_background(product)) add_once(prompt.words, background_word(*config.background, config.language));
  return prompt;
}

FittedPrompt fit_prompt(std::vector<std::string> words, Language language, const text::Tokenizer& tokenizer, int64_t max_tokens) {
  VITRINE_REQUIRE(max_tokens >= 2, "[fit_prompt] max_tokens: expected >= 2, got ", max_tokens);
  FittedPrompt prompt;
  for (;;) {
    prompt.text = join_words(words, language);
    prompt.tokens = static_cast<int64_t>(tokenizer.encode(prompt.text).size()) + 2;
    if (prompt.tokens <= max_tokens || words.empty()) break;
    prompt.cut.insert(prompt.cut.begin(), std::move(words.back()));
    words.pop_back();
  }
  return prompt;
}

}  // namespace vitrine::imagery
