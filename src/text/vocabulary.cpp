#include "text/vocabulary.h"

#include "base/error.h"

namespace vitrine::text {
namespace {
constexpr int32_t kMaxId = 1 << 24;  // a larger id is a broken file, not a vocabulary
}

void Vocabulary::add(std::string token, int32_t id, std::string_view where) {
  if (id < 0 || id >= kMaxId) throw Corrupt(concat("[load_tokenizer] ", where, ": token '", token, "' has id ", id));
  if (contains(id)) {
    throw Corrupt(concat("[load_tokenizer] ", where, ": id ", id, " belongs to '", this->token(id), "' and to '", token, "'"));
  }
  if (const auto known = find(token)) {
    throw Corrupt(concat("[load_tokenizer] ", where, ": token '", token, "' is there twice, with ids ", *known, " and ", id));
  }
  texts_.push_back(std::move(token));
  ids_.emplace(texts_.back(), id);
  if (id >= size()) tokens_.resize(static_cast<size_t>(id) + 1, nullptr);
  tokens_[static_cast<size_t>(id)] = &texts_.back();
}

std::optional<int32_t> Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

bool Vocabulary::contains(int32_t id) const noexcept {
  return id >= 0 && id < size() && tokens_[static_cast<size_t>(id)] != nullptr;
}

const std::string& Vocabulary::token(int32_t id) const {
  VITRINE_REQUIRE(contains(id), "[id_to_token] id ", id, " has no token; the vocabulary has ", size(), " ids");
  return *tokens_[static_cast<size_t>(id)];
}

}  // namespace vitrine::text
