// support/clip_vocabularies.h - the vocabularies whose ids are compared with those of transformers.
#pragma once
#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/clip_bpe_trainer.h"

namespace vitrine::test {

inline constexpr std::array<std::string_view, 3> kClipVocabularies = {"trained", "trained_extended", "public_extended"};

/// Texts of the shipped development set from row `begin` on.
inline std::vector<std::string> dev_texts(const std::string& root, size_t begin, size_t count) {
  std::vector<std::string> texts;
  std::ifstream lines(root + "/data/advertisegen/dev.jsonl");
  for (std::string line; std::getline(lines, line) && texts.size() < begin + count;) {
    texts.push_back(parse_json(line, "dev.jsonl")["summary"].get<std::string>());
  }
  texts.erase(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(begin));
  return texts;
}

/// root: of the sources.
inline text::TokenizerSpec clip_vocabulary(std::string_view name, const std::string& root) {
  const auto first = dev_texts(root, 0, 100), more = dev_texts(root, 100, 200);
  if (name == "public_extended") return text::extend_clip_bpe(text::read_tokenizer_spec(root + "/data/vocab/clip"), more, 300).spec;
  auto trained = text::train_clip_bpe(first, {.vocab_size = 1000});
  if (name == "trained") return trained;
  if (name == "trained_extended") return text::extend_clip_bpe(std::move(trained), more, 200).spec;
  throw InvalidInput(concat("[clip_vocabulary] unknown name ", name));
}

}  // namespace vitrine::test
