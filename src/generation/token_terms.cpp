#include "generation/token_terms.h"

#include <algorithm>

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

TokenTerms::TokenTerms(std::span<const std::string> token_bytes, std::span<const std::string> terms)
    : token_bytes_(token_bytes.begin(), token_bytes.end()),
      automaton_(terms),
      num_terms_(terms.size()) {
  index_tokens();
  index_states(terms);
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
void TokenTerms::index_states(std::span<const std::string> terms) {
  std::unordered_map<std::u32string, std::vector<char32_t>> following;
  for (const std::string& term : terms) {
    const std::u32string whole = text::to_utf32(term);
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
  VITRINE_REQUIRE(terms.empty() || terms.size() == num_terms_, "[TokenTerms::ban] expected ",
                  num_terms_, " terms, got ", terms.size());
  Banned banned{std::move(terms), {}};
  if (banned.terms.empty()) return banned;
  for (const auto& [token, term] : inside_) {
    if (banned.terms[term] && (banned.tokens.empty() || banned.tokens.back() != token))
      banned.tokens.push_back(token);
  }
  return banned;
}

bool TokenTerms::completes(State state, int32_t token, const Banned& banned) const {
  for (const char byte : token_bytes_[static_cast<size_t>(token)]) {
    state = automaton_.step(state, byte);
    for (const uint32_t term : automaton_.ends(state)) {
      if (banned.terms[term]) return true;
    }
  }
  return false;
}

}  // namespace vitrine::generation
