#include "generation/token_terms.h"

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::generation {
namespace {

/// The first code point of `bytes`, 0 when they begin inside one or cut it off.
char32_t first_code_point(std::string_view bytes) {
  const size_t length = std::min<size_t>(bytes.size(), 4);
  for (size_t end = 1; end <= length; ++end) {
    if (text::is_valid_utf8(bytes.substr(0, end)))
      return text::to_utf32(bytes.substr(0, end)).front();
  }
  return 0;
}

}  // namespace

TokenTerms::TokenTerms(std::span<const std::string> token_bytes, std::span<const std::string> terms,
                       std::span<const std::string> exceptions)
    : token_bytes_(token_bytes.begin(), token_bytes.end()), automaton_(terms, exceptions) {
  std::vector<std::string> phrases(terms.begin(), terms.end());
  for (const std::string& term : terms) term_sizes_.push_back(static_cast<uint32_t>(term.size()));
  phrases.insert(phrases.end(), exceptions.begin(), exceptions.end());
  index_tokens();
  index_states(phrases);
}

void TokenTerms::index_tokens() {
  for (size_t i = 0; i < token_bytes_.size(); ++i) {
    const std::string& bytes = token_bytes_[i];
    if (bytes.empty()) continue;
    const auto token = static_cast<int32_t>(i);
    const char32_t first = first_code_point(bytes);
    (first == 0 ? fragments_ : by_first_[first]).push_back(token);
    State state = checks::TermAutomaton::kStart;
    for (const char byte : bytes) {
      state = automaton_.step(state, byte);
      for (const uint32_t term : automaton_.ends(state)) inside_.emplace_back(token, term);
    }
  }
}

/// From the state of a prefix of a term go on: what follows the prefix in a term, and what follows
/// those of its ends that are prefixes themselves.
void TokenTerms::index_states(std::span<const std::string> phrases) {
  std::unordered_map<std::u32string, std::vector<char32_t>> following;
  for (const std::string& phrase : phrases) {
    const std::u32string whole = text::to_utf32(phrase);
    for (size_t length = 1; length < whole.size(); ++length)
      following[whole.substr(0, length)].push_back(whole[length]);
    following[whole];  // its ends may go on
  }
  for (const auto& [prefix, own] : following) {
    if (prefix.empty()) continue;
    std::vector<char32_t> all;
    for (size_t begin = 0; begin < prefix.size(); ++begin) {
      const auto end_of_prefix = following.find(prefix.substr(begin));
      if (end_of_prefix != following.end())
        all.insert(all.end(), end_of_prefix->second.begin(), end_of_prefix->second.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    continuations_[automaton_.walk(checks::TermAutomaton::kStart, text::to_utf8(prefix))] =
        std::move(all);
  }
}

TokenTerms::Banned TokenTerms::ban(std::vector<bool> terms) const {
  VITRINE_REQUIRE(terms.empty() || terms.size() == num_terms(), "[TokenTerms::ban] expected ",
                  num_terms(), " terms, got ", terms.size());
  Banned banned{.terms = std::move(terms), .tokens = {}};
  if (banned.terms.empty()) return banned;
  banned.memo = std::make_shared<Banned::Memo>();
  for (const auto& [token, term] : inside_) {
    if (!banned.terms[term] || (!banned.tokens.empty() && banned.tokens.back() == token)) continue;
    if (is_forbidden({}, token, banned)) banned.tokens.push_back(token);
  }
  return banned;
}

const std::vector<int32_t>& TokenTerms::forbidden_after(State state, const Banned& banned) const {
  Banned::Memo& memo = *banned.memo;
  {
    const std::shared_lock lock(memo.mutex);
    const auto known = memo.forbidden.find(state);
    if (known != memo.forbidden.end()) return known->second;  // nodes of a map stay where they are
  }
  std::vector<int32_t> found;
  for_each_continuing(state, [&](int32_t token) {
    if (is_forbidden({.state = state}, token, banned)) found.push_back(token);
  });
  const std::unique_lock lock(memo.mutex);
  return memo.forbidden.emplace(state, std::move(found)).first->second;
}

bool TokenTerms::step(Position& position, char byte, const Banned& banned) const {
  position.state = automaton_.step(position.state, byte);
  if (position.open > 0) ++position.open;
  for (const uint32_t term : automaton_.ends(position.state)) {
    if (banned.terms[term]) position.open = std::max(position.open, term_sizes_[term]);
  }
  if (position.open == 0) return true;
  if (automaton_.exception_end(position.state) >= position.open) position.open = 0;
  return automaton_.exception_begun(position.state) >= position.open;
}

std::optional<TokenTerms::Position> TokenTerms::advance(Position position, std::string_view bytes,
                                                        const Banned& banned) const {
  for (const char byte : bytes) {
    if (!step(position, byte, banned)) return std::nullopt;
  }
  return position;
}

TokenTerms::Position TokenTerms::advance_anyhow(Position position, std::string_view bytes,
                                                const Banned& banned) const {
  if (banned.terms.empty()) {
    position.state = automaton_.walk(position.state, bytes);
    return position;
  }
  for (const char byte : bytes) {
    if (!step(position, byte, banned)) position.open = 0;
  }
  return position;
}

}  // namespace vitrine::generation
