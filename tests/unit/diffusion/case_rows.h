// Rows of tests/cases files: cells parted by tabs, lines that begin with # left out.
#pragma once
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"

namespace vitrine::diffusion {

inline std::vector<std::string> parted(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

inline std::vector<std::vector<std::string>> case_rows(const std::string& name) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& line : parted(read_file(VITRINE_SOURCE_DIR "/tests/cases/" + name), '\n')) {
    if (!line.empty() && line.front() != '#') rows.push_back(parted(line, '\t'));
  }
  return rows;
}

}  // namespace vitrine::diffusion
