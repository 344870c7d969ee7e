// e2e/tiny_models.h - models of a few kilobytes, with random weights: what they say means nothing.
#pragma once
#include <filesystem>
#include <string>

#include "base/file.h"
#include "e2e/program.h"

namespace vitrine::e2e {

/// A Chinese-CLIP directory below `folder`; returns its path.
inline std::string tiny_clip(const TemporaryFolder& folder) {
  std::filesystem::copy(source_file("tests/data/clip_tiny/chinese"), folder / "clip");
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (int i = 5; i < 40; ++i) vocabulary += "字" + std::to_string(i) + "\n";
  write_file_atomic(folder / "clip/vocab.txt", vocabulary);
  return folder / "clip";
}

}  // namespace vitrine::e2e
