#include "copywriting/tagger_training_set.h"

#include <algorithm>

#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr int32_t kNoLabel = -100;
constexpr size_t kSpareTokens = 6;
constexpr size_t kShortWindow = 40;  // code points: a sentence or two
constexpr double kUseLatinSpelling = 0.25;   // the tables have many more of them than shops write
constexpr double kUseEnding = 0.25;          // 圆领设计 instead of a synonym
constexpr double kPreferSupported = 0.6;     // chance that a mark is drawn among supported values
constexpr double kMarkWithEnding = 0.5;      // chance that a mark takes 口 of 圆领口 with it
constexpr double kMarkNothing = 0.1;         // chance that a mark holds no value at all
constexpr double kChangeSupport = 0.5;       // chance that the attribute behind the mark changes

bool is_sentence_end(char32_t c) {
  return std::u32string_view(U"。！？!?").find(c) != std::u32string_view::npos;
}

/// Mentions inside the range, counted from its start.
std::vector<Mention> mentions_inside(const std::vector<Mention>& mentions, TextRange range) {
  std::vector<Mention> inside;
  for (Mention mention : mentions) {
    if (mention.range.begin < range.begin || mention.range.end > range.end) continue;
    mention.range.begin -= range.begin;
    mention.range.end -= range.begin;
    inside.push_back(std::move(mention));
  }
  return inside;
}

std::u32string spelling_of(const TaggerDraw& draw) {
  const TextRange range = draw.mention ? draw.text.mentions[*draw.mention].range : *draw.mark;
  return fold_code_points(
      std::u32string_view(draw.text.text).substr(range.begin, range.end - range.begin));
}

}  // namespace

void replace_mention(MentionedText& text, size_t mention_idx, std::u32string_view by) {
  const TextRange old = text.mentions[mention_idx].range;
  text.text.replace(old.begin, old.end - old.begin, by);
  text.mentions[mention_idx].range.end = old.begin + by.size();
  for (size_t i = mention_idx + 1; i < text.mentions.size(); ++i) {
    TextRange& range = text.mentions[i].range;
    range.begin = range.begin - old.end + old.begin + by.size();
    range.end = range.end - old.end + old.begin + by.size();
  }
}

std::vector<TextRange> sentence_ranges(std::u32string_view text) {
  std::vector<TextRange> ranges;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && !is_sentence_end(text[end])) ++end;
    while (end < text.size() && is_sentence_end(text[end])) ++end;
    ranges.push_back({begin, end});
    begin = end;
  }
  return ranges;
}

TaggerTrainingSet::TaggerTrainingSet(std::vector<MentionedText> texts, const MentionTable& table,
                                     const TaggerEncoding& encoding, const TaggerLabels& labels,
                                     size_t positions, const TaggerDrawConfig& config)
    : texts_(std::move(texts)),
      table_(table),
      encoding_(encoding),
      labels_(labels),
      positions_(positions),
      config_(config) {}

/// A run of sentences of at most `budget` code points from a random one on; all when they fit.
MentionedText TaggerTrainingSet::window(const MentionedText& whole, size_t budget,
                                        RandomStream& random) const {
  const auto sentences = sentence_ranges(whole.text);
  size_t first = whole.text.size() <= budget ? 0 : random.below(sentences.size());
  const size_t begin = sentences[first].begin;
  size_t end = std::min(sentences[first].end, begin + budget);
  for (size_t i = first + 1; i < sentences.size() && sentences[i].end - begin <= budget; ++i) {
    end = sentences[i].end;
  }
  MentionedText part{whole.text.substr(begin, end - begin), whole.type, whole.attributes,
                     mentions_inside(whole.mentions, {begin, end})};
  return part;
}

/// Code points of text beside all attributes, with room for longer spellings.
size_t TaggerTrainingSet::text_budget(const MentionedText& text) const {
  size_t attributes = kSpareTokens;
  for (const auto& attribute : text.attributes) {
    attributes += encoding_.attribute_tokens(attribute).size();
  }
  return positions_ - TaggerEncoding::kExtraTokens - std::min(attributes, attribute_budget());
}

std::optional<std::string> TaggerTrainingSet::other_value(std::string_view key,
                                                          std::string_view value,
                                                          RandomStream& random) const {
  const auto& values = table_.values(key);
  if (values.size() < 2) return std::nullopt;
  auto chosen = values.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(values.size())));
  const std::u32string spelled = fold_code_points(text::to_utf32(chosen->first));
  if (table_.relation(spelled, key, value) != Relation::unrelated) return std::nullopt;
  return chosen->first;
}

std::optional<std::string> TaggerTrainingSet::other_spelling(std::string_view key,
                                                             std::string_view value, bool held_out,
                                                             RandomStream& random) const {
  auto spellings = table_.spellings(key, value, held_out);
  const bool with_ending = !held_out && (spellings.empty() || random.uniform() < kUseEnding);
  if (with_ending) spellings = table_.with_endings(key, value);
  if (spellings.empty()) return std::nullopt;
  const std::string* chosen = &spellings[random.below(spellings.size())];
  const bool latin = static_cast<unsigned char>((*chosen)[0]) < 0x80;
  if (latin && random.uniform() > kUseLatinSpelling) {
    chosen = &spellings[random.below(spellings.size())];
  }
  return *chosen;
}

void TaggerTrainingSet::change_text(MentionedText& text, RandomStream& random) const {
  for (size_t i = 0; i < text.mentions.size(); ++i) {
    Mention& mention = text.mentions[i];
    const double chance = random.uniform();
    if (mention.key.empty() || mention.key == kTypeKey) continue;
    std::optional<std::string> by;
    if (chance < config_.respell_text) {
      by = other_spelling(mention.key, mention.value, false, random);
    } else if (chance < config_.respell_text + config_.swap_text) {
      by = other_value(mention.key, mention.value, random);
      if (by && text::count_code_points(*by) < 2) by.reset();
      if (by) mention.value = *by;
    }
    if (!by) continue;
    replace_mention(text, i, text::to_utf32(*by));
    mention.held_out = false;
  }
}

void TaggerTrainingSet::change_attributes(TaggerDraw& draw, bool held_out,
                                          RandomStream& random) const {
  std::vector<TaggerAttribute> changed;
  const bool focus = draw.mention.has_value() && random.uniform() < kChangeSupport;
  for (size_t i = 0; i < draw.text.attributes.size(); ++i) {
    TaggerAttribute attribute = draw.text.attributes[i];
    const bool behind = focus && relation(draw, i) == Relation::supports;
    const double scale = behind ? 0.9 / (config_.respell_attribute + config_.swap_attribute +
                                         config_.drop_attribute + 1e-9)
                                : 1.0;
    const double chance = random.uniform() / scale;
    const std::string value = text::to_utf8(table_.canonical(attribute.key, attribute.val));
    std::optional<std::string> by;
    if (held_out || chance < config_.respell_attribute) {
      by = other_spelling(attribute.key, value, held_out, random);
    } else if (chance < config_.respell_attribute + config_.swap_attribute) {
      if (attribute.key != kTypeKey) by = other_value(attribute.key, value, random);
    } else if (chance <
               config_.respell_attribute + config_.swap_attribute + config_.drop_attribute) {
      continue;
    }
    if (by) attribute.val = *by;
    changed.push_back(std::move(attribute));
  }
  random.shuffle(changed);
  draw.text.attributes = std::move(changed);
}

bool TaggerTrainingSet::is_supported(const MentionedText& text, TextRange range) const {
  const std::u32string spelled = fold_code_points(
      std::u32string_view(text.text).substr(range.begin, range.end - range.begin));
  return std::any_of(text.attributes.begin(), text.attributes.end(), [&](const auto& attribute) {
    return table_.relation(spelled, attribute.key, attribute.val) == Relation::supports;
  });
}

/// A mention that may be learned, or now and then a place that says nothing.
void TaggerTrainingSet::choose_mark(TaggerDraw& draw, RandomStream& random) const {
  const MentionedText& text = draw.text;
  std::vector<size_t> usable;
  for (size_t i = 0; i < text.mentions.size(); ++i) {
    if (!text.mentions[i].held_out && !text.mentions[i].key.empty()) usable.push_back(i);
  }
  if (usable.empty() || random.uniform() < kMarkNothing) {
    const size_t length = std::min<size_t>(1 + random.below(4), text.text.size());
    const size_t begin = random.below(text.text.size() - length + 1);
    const TextRange range{begin, begin + length};
    const auto meets = [&](const Mention& m) {
      return m.range.begin < range.end && range.begin < m.range.end;
    };
    if (std::none_of(text.mentions.begin(), text.mentions.end(), meets)) draw.mark = range;
    return;
  }
  draw.mention = usable[random.below(usable.size())];
  if (random.uniform() < kPreferSupported) {
    std::erase_if(usable, [&](size_t i) { return !is_supported(text, text.mentions[i].range); });
    if (!usable.empty()) draw.mention = usable[random.below(usable.size())];
  }
  const Mention& mention = text.mentions[*draw.mention];
  draw.mark = mention.range;
  if (random.uniform() > kMarkWithEnding) return;
  for (const auto& ending : table_.endings(mention.key)) {
    if (text.text.compare(mention.range.end, ending.size(), ending) == 0) {
      draw.mark->end = mention.range.end + ending.size();
      return;
    }
  }
}

TaggerDraw TaggerTrainingSet::draw(size_t text_idx, bool marked, bool held_out,
                                   RandomStream& random) const {
  TaggerDraw draw;
  const bool short_window = marked && random.uniform() < config_.short_share;
  const size_t budget = text_budget(texts_[text_idx]);
  draw.text = window(texts_[text_idx], short_window ? std::min(kShortWindow, budget) : budget,
                     random);
  change_text(draw.text, random);
  if (marked) choose_mark(draw, random);
  change_attributes(draw, held_out, random);
  if (!draw.mark && random.uniform() < config_.bare_share) draw.text.attributes.clear();
  return draw;
}

Relation TaggerTrainingSet::relation(const TaggerDraw& draw, size_t attribute_idx) const {
  const TaggerAttribute& attribute = draw.text.attributes[attribute_idx];
  return table_.relation(spelling_of(draw), attribute.key, attribute.val);
}

TaggerExample TaggerTrainingSet::encode(const TaggerDraw& draw) const {
  auto tokens = encoding_.tokens(draw.text.text);
  std::vector<std::vector<int32_t>> attributes;
  size_t used = 0;
  for (const auto& attribute : draw.text.attributes) {
    auto ids = encoding_.attribute_tokens(attribute);
    if (used + ids.size() > attribute_budget()) break;
    used += ids.size();
    attributes.push_back(std::move(ids));
  }
  tokens.resize(std::min(tokens.size(), positions_ - TaggerEncoding::kExtraTokens - used));
  const auto mark = draw.mark ? tokens_of(tokens, *draw.mark) : std::nullopt;
  const TaggerInput input = encoding_.assemble(tokens, mark, attributes);
  TaggerExample example{input.input_ids, input.token_type_ids,
                        std::vector<int32_t>(input.input_ids.size(), kNoLabel)};
  if (mark) {
    for (size_t i = 0; i < attributes.size(); ++i) {
      const Relation found = relation(draw, i);
      if (found == Relation::unclear) continue;
      const size_t first = input.attribute_positions[i];
      std::fill_n(example.classes.begin() + static_cast<std::ptrdiff_t>(first),
                  attributes[i].size(),
                  found == Relation::supports ? labels_.supports() : labels_.outside());
    }
    return example;
  }
  for (const size_t position : input.text_positions) example.classes[position] = labels_.outside();
  for (const Mention& mention : draw.text.mentions) {
    if (mention.key == kTypeKey) continue;
    const auto range = tokens_of(tokens, mention.range);
    const auto key_idx = labels_.key_index(mention.key);
    for (size_t i = range ? range->begin : 0; range && i < range->end; ++i) {
      const int32_t label = !key_idx || mention.held_out ? kNoLabel
                            : i == range->begin          ? labels_.begin_of(*key_idx)
                                                         : labels_.inside_of(*key_idx);
      example.classes[input.text_positions[i]] = label;
    }
  }
  return example;
}

std::vector<TaggerExample> TaggerTrainingSet::epoch(RandomKey key) const {
  std::vector<TaggerExample> examples;
  for (size_t i = 0; i < texts_.size(); ++i) {
    RandomStream random(key.fold_in(i));
    const bool marked = random.uniform() < config_.mark_share;
    examples.push_back(encode(draw(i, marked, false, random)));
  }
  return examples;
}

}  // namespace vitrine::copywriting
