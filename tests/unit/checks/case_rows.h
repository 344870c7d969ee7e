// Rows of tests/cases files: cells parted by tabs, lines that begin with # left out.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "checks/tsv_rules.h"

namespace vitrine::checks {

inline std::vector<std::vector<std::string>> case_rows(const std::string& name) {
  std::vector<std::vector<std::string>> rows;
  const auto file = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/cases" / name;
  for (const auto& line : split(read_file(file), '\n')) {
    if (!line.empty() && line.front() != '#') rows.push_back(split(line, '\t'));
  }
  return rows;
}

/// {裙*30} becomes 30 times 裙.
inline std::string expanded(std::string text) {
  for (size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at)) {
    const size_t star = text.find('*', at), end = text.find('}', at);
    if (star > end) break;
    std::string repeated;
    for (int n = std::stoi(text.substr(star + 1, end - star - 1)); n > 0; --n) {
      repeated += text.substr(at + 1, star - at - 1);
    }
    text.replace(at, end - at + 1, repeated);
    at += repeated.size();
  }
  return text;
}

}  // namespace vitrine::checks
