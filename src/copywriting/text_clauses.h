// copywriting/text_clauses.h - a text as clauses and the marks behind them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::copywriting {

struct TextClause {
  std::string body;
  std::string
      mark;  // ，；。！？ or , ; and runs of them; empty at the end of a text without an end sign
};

/// The bodies and marks joined give `text` again; at least one clause, with an empty body for an
/// empty text. UTF-8 expected.
std::vector<TextClause> split_clauses(std::string_view text);
std::string joined(const std::vector<TextClause>& clauses);

}  // namespace vitrine::copywriting
