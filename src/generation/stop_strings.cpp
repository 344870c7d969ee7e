#include "generation/stop_strings.h"

#include <utility>

#include "base/error.h"

namespace vitrine::generation {
namespace {

/// Before the automaton is made: it takes 1 KiB a byte.
std::vector<std::string> checked(std::vector<std::string> strings) {
  size_t num_bytes = 0;
  for (size_t i = 0; i < strings.size(); ++i) {
    VITRINE_REQUIRE(!strings[i].empty(), "[StopStrings] string ", i, " is empty");
    num_bytes += strings[i].size();
  }
  VITRINE_REQUIRE(num_bytes <= StopStrings::kMaxBytes, "[StopStrings] ", num_bytes,
                  " bytes are more than ", StopStrings::kMaxBytes);
  return strings;
}

}  // namespace

StopStrings::StopStrings(std::vector<std::string> strings,
                         std::shared_ptr<const TokenBytes> token_bytes)
    : strings_(checked(std::move(strings))),
      token_bytes_(std::move(token_bytes)),
      automaton_(strings_) {
  VITRINE_REQUIRE(token_bytes_ != nullptr, "[StopStrings] no token bytes");
}

std::optional<StopHit> StopStrings::Matcher::push(int32_t token) {
  const StopStrings& all = *strings_;
  for (const char byte : (*all.token_bytes_)[static_cast<size_t>(token)]) {
    state_ = all.automaton_.step(state_, byte);
    ++num_bytes_;
    const auto ends = all.automaton_.ends(state_);
    if (ends.empty()) continue;
    size_t best = ends.front();
    for (const size_t idx : ends) {
      const size_t size = all.strings_[idx].size(), longest = all.strings_[best].size();
      if (size > longest || (size == longest && idx < best)) best = idx;
    }
    return StopHit{best, num_bytes_ - all.strings_[best].size()};
  }
  return std::nullopt;
}

}  // namespace vitrine::generation
