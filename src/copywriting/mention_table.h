// copywriting/mention_table.h - how texts and shops spell the values of attributes: what the labels of
// the tagger are made of.
//
// Sources: a table of keys, values and counts (data/advertisegen/attribute_vocab.tsv) and the
// synonyms and affixes of rules/normalization. A share of the synonyms can be held out: those are
// known, but marked, so that a model never learns them and can be asked about them.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/normalization.h"

namespace vitrine::copywriting {

/// A value that a spelling may stand for.
struct ValueReading {
  std::string key, value;  // canonical
  int64_t count = 0;       // of key and value in the table; 0 = only a synonym table knows the value
  bool held_out = false;
};

enum class Relation { supports, unrelated, unclear };

class MentionTable {
 public:
  /// Throws NotFound, or Corrupt naming file and line.
  static MentionTable load(const std::filesystem::path& vocabulary, double held_out_share);

  /// The keys of the vocabulary table, in code-point order.
  std::vector<std::string> keys() const;

  /// What a spelling may mean; null when it is none. Folded: fold_code_points.
  const std::vector<ValueReading>* readings(std::u32string_view folded) const;
  size_t longest() const { return longest_; }  // code points of a spelling

  /// The canonical value of a pair, folded; the folded value itself when no rule reaches it.
  std::u32string canonical(std::string_view key, std::string_view val) const;

  /// Other spellings of a value: synonyms and stems (酒红色 -> 酒红), held out or not.
  std::vector<std::string> spellings(std::string_view key, std::string_view value,
                                     bool held_out) const;
  /// The value with endings that do not change it (圆领 -> 圆领设计).
  std::vector<std::string> with_endings(std::string_view key, std::string_view value) const;
  /// The values of a key that the table counts, with their counts.
  const std::map<std::string, int64_t>& values(std::string_view key) const;
  /// Endings that do not change a value of the key (圆领口).
  const std::vector<std::u32string>& endings(std::string_view key) const;

  /// Whether an attribute entails a folded spelling in a text: equal values under its key support it,
  /// and so does the same spelling under another key; a spelling that is part of the value, or holds
  /// it, is unclear; else they are unrelated.
  Relation relation(std::u32string_view folded, std::string_view key, std::string_view val) const;

 private:
  void load_vocabulary(const std::filesystem::path& path);
  void load_synonyms(double held_out_share);
  void load_affixes();
  void add_stems();
  void add(std::u32string folded, ValueReading reading);

  data::AttributeNormalizer normalizer_ = data::AttributeNormalizer::load();
  std::map<std::string, std::map<std::string, int64_t>, std::less<>> values_;
  std::unordered_map<std::u32string, std::vector<ValueReading>> readings_;
  std::map<std::string, std::map<std::string, std::vector<std::pair<std::string, bool>>>,
           std::less<>>
      spellings_;  // key, value: spelling and whether it is held out
  std::map<std::string, std::vector<std::u32string>, std::less<>> endings_, additions_;
  size_t longest_ = 0;
};

/// ASCII letters lower, full width to half; the number of code points stays.
std::u32string fold_code_points(std::u32string_view text);

/// Whether a key belongs to products of a 类型 (衣领型 to 上衣); an empty type fits every key.
bool key_fits_type(std::string_view key, std::string_view type);

}  // namespace vitrine::copywriting
