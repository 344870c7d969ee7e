#include "copywriting/mentions.h"

#include <algorithm>
#include <optional>

#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

/// Keys that repeat the values of more telling ones: 图案 复古 is 风格 复古.
bool is_second_choice(std::string_view key) { return key == "图案" || key.ends_with("门襟"); }

/// Better first: a telling key, then the more frequent.
bool is_better(const ValueReading& a, const ValueReading& b) {
  if (is_second_choice(a.key) != is_second_choice(b.key)) return is_second_choice(b.key);
  return a.count > b.count;
}

bool is_ascii_word(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9');
}

/// Whether a Latin spelling would be cut out of a longer word.
bool cuts_a_word(std::u32string_view text, TextRange range) {
  const auto joined = [&](size_t left) {
    return left + 1 < text.size() && is_ascii_word(text[left]) && is_ascii_word(text[left + 1]);
  };
  return (range.begin > 0 && joined(range.begin - 1)) || joined(range.end - 1);
}

class Finder {
 public:
  Finder(std::u32string_view text, std::string_view type,
         const std::vector<TaggerAttribute>& attributes, const MentionTable& table)
      : folded_(fold_code_points(text)), type_(type), attributes_(attributes), table_(table) {
    longest_ = table.longest();
    for (const auto& attribute : attributes) {
      auto own = fold_code_points(text::to_utf32(data::fold_name(attribute.val)));
      if (attribute.key == kTypeKey && own.size() == 1) continue;  // a lone 裙 says nothing
      own_.push_back(std::move(own));
      longest_ = std::max(longest_, own_.back().size());
    }
  }

  std::vector<Mention> run() const {
    std::vector<Mention> mentions;
    for (size_t at = 0; at < folded_.size();) {
      const auto mention = longest_at(at);
      if (mention) mentions.push_back(*mention);
      at = mention ? mention->range.end : at + 1;
    }
    return mentions;
  }

 private:
  std::optional<Mention> longest_at(size_t at) const {
    for (size_t length = std::min(longest_, folded_.size() - at); length > 0; --length) {
      const TextRange range{at, at + length};
      auto mention = read(range);
      if (mention && !cuts_a_word(folded_, range)) return mention;
    }
    return std::nullopt;
  }

  /// What the range says as a whole.
  std::optional<Mention> read(TextRange range) const {
    const std::u32string spelled = folded_.substr(range.begin, range.end - range.begin);
    const auto* readings = table_.readings(spelled);
    const bool is_own = std::find(own_.begin(), own_.end(), spelled) != own_.end();
    if (spelled.size() == 1 && (!is_own || spelled[0] < 0x80)) return std::nullopt;
    if (readings == nullptr && !is_own) return std::nullopt;
    Mention mention{range, "", text::to_utf8(spelled), false};
    auto candidates = supported(spelled);
    if (candidates.empty() && readings != nullptr) candidates = fitting(*readings);
    if (candidates.empty()) return spelled.size() == 1 ? std::nullopt : std::optional(mention);
    const auto best = std::min_element(candidates.begin(), candidates.end(), is_better);
    mention.key = best->key;
    mention.value = best->value;
    mention.held_out = is_held_out(readings);
    return mention;
  }

  /// Readings by the attributes that entail the spelling.
  std::vector<ValueReading> supported(const std::u32string& spelled) const {
    std::vector<ValueReading> found;
    for (const auto& attribute : attributes_) {
      if (table_.relation(spelled, attribute.key, attribute.val) != Relation::supports) continue;
      found.push_back({attribute.key, value_of(attribute), 0});
    }
    return found;
  }

  std::vector<ValueReading> fitting(const std::vector<ValueReading>& readings) const {
    std::vector<ValueReading> found;
    for (const auto& reading : readings) {
      if (key_fits_type(reading.key, type_)) found.push_back(reading);
    }
    return found;
  }

  std::string value_of(const TaggerAttribute& attribute) const {
    return text::to_utf8(table_.canonical(attribute.key, attribute.val));
  }

  static bool is_held_out(const std::vector<ValueReading>* readings) {
    return readings != nullptr && std::any_of(readings->begin(), readings->end(),
                                              [](const auto& reading) { return reading.held_out; });
  }

  std::u32string folded_;
  std::string_view type_;
  const std::vector<TaggerAttribute>& attributes_;
  const MentionTable& table_;
  std::vector<std::u32string> own_;  // folded values of the attributes
  size_t longest_ = 0;
};

bool is_clause_end(char32_t c) {
  return std::u32string_view(U"，,。！!？?；;").find(c) != std::u32string_view::npos;
}

}  // namespace

std::vector<Mention> find_mentions(std::u32string_view text, std::string_view type,
                                   const std::vector<TaggerAttribute>& attributes,
                                   const MentionTable& table) {
  return Finder(text, type, attributes, table).run();
}

std::u32string without_placeholders(std::u32string_view text) {
  std::u32string kept;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && !is_clause_end(text[end])) ++end;
    end = std::min(end + 1, text.size());
    const auto clause = text.substr(begin, end - begin);
    const std::u32string folded = fold_code_points(clause);
    if (folded.find(U"<unk>") == folded.npos && folded.find(U"brand") == folded.npos) {
      kept += clause;
    }
    begin = end;
  }
  return kept;
}

std::vector<MentionedText> mentioned_texts(const std::vector<data::Product>& products,
                                           const MentionTable& table) {
  std::vector<MentionedText> texts;
  for (const auto& product : products) {
    MentionedText one;
    one.text = without_placeholders(text::to_utf32(product.summary));
    if (one.text.empty()) continue;
    one.type = data::category_of(product);
    for (const auto& attribute : product.attributes) {
      one.attributes.push_back({attribute.key, attribute.val});
    }
    one.mentions = find_mentions(one.text, one.type, one.attributes, table);
    texts.push_back(std::move(one));
  }
  return texts;
}

}  // namespace vitrine::copywriting
