// copywriting/mentions.h - where a human text says which value: the labels that the tagger learns.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "copywriting/mention_table.h"
#include "copywriting/tagger_input.h"
#include "data/product.h"

namespace vitrine::copywriting {

/// What is sold: every text says it, so it is no highlight, but a span can be asked about it.
inline constexpr std::string_view kTypeKey = "类型";

struct Mention {
  TextRange range;
  std::string key;        // canonical; "" = says something that cannot be told apart: no label
  std::string value;      // canonical
  bool held_out = false;  // by a spelling that must not be learned
};

/// A human text, the attributes of its product, and what of them it says.
struct MentionedText {
  std::u32string text;
  std::string type;                        // 类型 of the product; may be empty
  std::vector<TaggerAttribute> attributes;  // as the shop wrote them
  std::vector<Mention> mentions;           // by position, no two overlap
};

/// Finds all spellings of the table and of the product's own values, the longest at each place.
/// A spelling that an attribute of the product stands behind gets that attribute's key (图案 and
/// closures only when no other key fits); another gets the key that the table counts most often for
/// this type of product, or none when its keys are of other types. A single character counts only
/// where it is an attribute's whole value (潮).
std::vector<Mention> find_mentions(std::u32string_view text, std::string_view type,
                                   const std::vector<TaggerAttribute>& attributes,
                                   const MentionTable& table);

/// Without the clauses that hold <UNK> or BRAND.
std::u32string without_placeholders(std::u32string_view text);

/// The products that have copy, with their mentions.
std::vector<MentionedText> mentioned_texts(const std::vector<data::Product>& products,
                                           const MentionTable& table);

}  // namespace vitrine::copywriting
