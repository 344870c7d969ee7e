#include "text/framed_rows.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::text {

TokenRows frame_rows(const Tokenizer& tokenizer, std::span<const std::string> texts, int64_t max_tokens) {
  const Tokenizer::Special& special = tokenizer.special();
  const auto start = special.cls ? special.cls : special.bos, end = special.sep ? special.sep : special.eos;
  VITRINE_REQUIRE(start && end, "[frame_rows] the tokenizer has no ", start ? "end" : "start", " token");
  VITRINE_REQUIRE(max_tokens >= 3, "[frame_rows] max_tokens: expected at least 3, got ", max_tokens);
  TokenRows rows;
  rows.num_rows = static_cast<int64_t>(texts.size());
  std::vector<std::vector<int32_t>> encoded;
  const auto room = static_cast<size_t>(max_tokens - 2);
  for (const std::string& text : texts) {
    auto& ids = encoded.emplace_back(tokenizer.encode(text));
    if (ids.size() > room) ids.resize(room), ++rows.num_cut;
    rows.length = std::max(rows.length, static_cast<int64_t>(ids.size()) + 2);
  }
  const int64_t pad = special.pad.value_or(*end);
  for (const auto& ids : encoded) {
    const size_t row_end = rows.input_ids.size() + static_cast<size_t>(rows.length);
    rows.input_ids.push_back(*start);
    rows.input_ids.insert(rows.input_ids.end(), ids.begin(), ids.end());
    rows.input_ids.push_back(*end);
    rows.is_token.resize(rows.input_ids.size(), 1);
    rows.input_ids.resize(row_end, pad);
    rows.is_token.resize(row_end, 0);
  }
  return rows;
}

}  // namespace vitrine::text
