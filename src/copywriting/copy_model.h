// copywriting/copy_model.h - a copy model directory, ready to write: decoder, tokenizer, statistics.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/artefact.h"
#include "copywriting/plan_guide.h"
#include "copywriting/prompt.h"
#include "data/statistics.h"
#include "generation/decoder.h"
#include "text/tokenizer.h"

namespace vitrine::copywriting {

/// Everything that a directory of `train copy` may hold of the program's own: tokenizers in any form, weights, the run.
inline constexpr std::string_view kCopyModelFiles[] = {
    "config.json",  "model.safetensors", "vocab.json",        "vocab.txt",  "merges.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "statistics.tsv", "aligned_terms.txt", "train.jsonl", "run.html", kManifestName,
    "packed-float32.cache", "packed-bfloat16.cache", "packed-int8.cache", "packed-int4.cache"};  // generation/packed_cache.h
inline constexpr ArtefactKind kCopyModelKind{"copy", kCopyModelFiles};

/// The type that copy is written in unless another is asked for: as good as float32 on the held-out
/// set, and the fastest (docs/decoding.md).
inline constexpr const char* kDefaultDtype = "int8";

/// Immutable but for the decoder, which has one caller at a time.
struct CopyModel {
  std::filesystem::path directory;
  std::string sha256;  // of model.safetensors
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::unique_ptr<PromptFormat> format;
  std::unique_ptr<GuideVocabulary> vocabulary;
  std::unique_ptr<generation::Decoder> decoder;
  data::AttributeStatistics statistics;  // of the training set
  /// Terms that the training texts were aligned with beside their values (aligned_terms.txt): a
  /// prompt names those that its text says. The rules of today may hold others. A model without the
  /// file: those of today.
  std::vector<std::string> aligned_terms;
};

/// Throws NotFound when the folder is not there, Corrupt when its vitrine.json is not of a copy model of our prompt format.
void require_copy_model(const std::filesystem::path& directory);

/// Reads config.json, weights, tokenizer, statistics.tsv, aligned_terms.txt and vitrine.json. Throws NotFound or Corrupt:
/// one line that names the file; so is a vocabulary of another size than the weights, or another one than vitrine.json
/// names (tokenizer_sha256; not checked when the field is missing).
CopyModel load_copy_model(const std::filesystem::path& directory, const generation::DecoderConfig& config);

/// Terms that the model's training texts were aligned with: aligned_terms.txt; without the file those of today's rules and
/// `statistics`.
std::vector<std::string> aligned_terms_of(const std::filesystem::path& directory, const data::AttributeStatistics& statistics);

/// `name` as a folder, or as a model in $VITRINE_MODELS, or in models/ beside the program.
/// Throws NotFound, naming the places.
std::filesystem::path find_model(const std::string& name);

}  // namespace vitrine::copywriting
