// text/vocabulary.h - tokens and their ids, both ways.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vitrine::text {

/// Filled once, then read by any number of threads. Ids may have gaps (added tokens fill them later).
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  /// Throws Corrupt, naming `where`, when the token or the id is taken or the id is out of [0, 2^24).
  void add(std::string token, int32_t id, std::string_view where);

  std::optional<int32_t> find(std::string_view token) const;
  /// Whether `id` has a token.
  bool contains(int32_t id) const noexcept;
  /// Throws InvalidInput for an id without token.
  const std::string& token(int32_t id) const;
  /// Largest id + 1.
  int32_t size() const noexcept { return static_cast<int32_t>(tokens_.size()); }
  /// Number of tokens.
  size_t count() const noexcept { return ids_.size(); }

 private:
  std::deque<std::string> texts_;  // stable addresses for the views below
  std::unordered_map<std::string_view, int32_t> ids_;
  std::vector<const std::string*> tokens_;  // by id, nullptr in a gap
};

}  // namespace vitrine::text
