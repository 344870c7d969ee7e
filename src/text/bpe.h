// text/bpe.h - byte-pair encoding of one word with the merges of a trained vocabulary.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/flat_map.h"
#include "text/vocabulary.h"

namespace vitrine::text {

using Merge = std::pair<std::string, std::string>;  // left and right part, as byte symbols

struct BpeConfig {
  std::string end_of_word_suffix = {};   // "</w>" for CLIP, "" for GPT-2
  std::optional<std::string> unk_token = {};  // of a byte without symbol; such a byte is dropped without it
  bool fuse_unk = false;                 // one unknown for a run of them
  bool ignore_merges = false;            // a word of the vocabulary is taken whole
};

class BpeCache;

/// Immutable and thread-safe; the words met last are kept in a locked cache.
class BpeModel {
 public:
  /// `vocabulary` must outlive the model. Throws Corrupt with code TOK_MISMATCH when a merge's part or
  /// product is no token; `where` names the merges.
  BpeModel(const Vocabulary& vocabulary, std::span<const Merge> merges, BpeConfig config, std::string_view where);
  ~BpeModel();

  /// Appends the ids of `word` (bytes as they are, not symbols). The lowest rank is merged first, the
  /// leftmost pair among equals. Source: Sennrich et al. 2016.
  void encode_word(std::string_view word, std::vector<int32_t>& ids) const;

  /// Number of byte values that no token stands for (0 in a complete vocabulary).
  int missing_bytes() const noexcept;

 private:
  struct Rule {
    int32_t rank = -1;
    int32_t id = -1;  // of the product
  };
  struct Merger;

  std::vector<int32_t> symbols_of(std::string_view word) const;
  void encode_uncached(std::string_view word, std::vector<int32_t>& ids) const;
  const Rule* rule(int32_t left, int32_t right) const noexcept;
  void merge_by_scan(std::vector<int32_t>& symbols) const;
  void merge_by_heap(std::vector<int32_t>& symbols) const;

  const Vocabulary& vocabulary_;
  BpeConfig config_;
  std::optional<int32_t> unk_id_;
  std::array<int32_t, 256> byte_ids_;  // inside a word
  std::array<int32_t, 256> last_ids_;  // at its end
  FlatMap<Rule> rules_;                // (left id, right id) -> merge
  std::unique_ptr<BpeCache> cache_;
};

}  // namespace vitrine::text
