// checks/product_kinds.h - which kinds of goods a product is, as far as the law tells them apart.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "checks/evidence.h"
#include "checks/term_search.h"

namespace vitrine::checks {

/// A set of kinds of categories.tsv, one bit each.
using KindSet = uint64_t;

/// The rows of categories.tsv. Immutable and safe for any number of threads.
class ProductKinds {
 public:
  /// Throws NotFound, or InvalidInput naming file, line, field and value.
  static ProductKinds load(const std::filesystem::path& dir);

  /// Kinds whose words stand in the category, its path, the title or an attribute's value; the
  /// leftmost, then longest word counts, so that 酒红 is no 酒.
  KindSet of(const Evidence& evidence) const;
  /// The set of kinds joined by ';'. Throws InvalidInput, naming `where`, for an unknown kind.
  KindSet parse(std::string_view kinds, std::string_view where) const;
  const std::vector<std::string>& names() const { return names_; }

 private:
  struct Word {
    TermSearch search;
    std::vector<KindSet> kinds;  // of each term; 0 = a word that hides shorter ones
  };
  void add(Word& words, std::string_view pattern, KindSet kinds);
  KindSet found(const Word& words, std::u32string_view text) const;

  std::vector<std::string> names_;
  Word category_, title_, attribute_;
};

}  // namespace vitrine::checks
