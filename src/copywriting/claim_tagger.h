// copywriting/claim_tagger.h - highlights of a text, and which attribute entails a suspicious span: one
// small encoder (docs/formats/tagger_model.md) on the CPU kernels.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/artefact.h"
#include "copywriting/tagger_input.h"
#include "generation/encoder.h"

namespace vitrine::copywriting {

/// Everything that a directory of `train tagger` may hold of the program's own.
inline constexpr std::string_view kTaggerModelFiles[] = {
    "config.json",           "model.safetensors",       "vocab.txt",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "train.jsonl",           "run.html",                "metrics.json",
    kManifestName,           "packed-float32.cache",    "packed-bfloat16.cache",
    "packed-int8.cache",     "packed-int4.cache"};  // generation/packed_cache.h
inline constexpr ArtefactKind kTaggerModelKind{"tagger", kTaggerModelFiles};

struct ClaimTaggerConfig {
  int threads = 0;                // 0 = all cores
  std::string dtype = "float32";  // generation::EncoderConfig
  double support_threshold = 0.9;  // least probability that names an attribute, 0..1: rather none
};

/// A text and the attributes of its product; both UTF-8, both may be empty.
struct TaggerText {
  std::string text;
  std::vector<TaggerAttribute> attributes;
};

struct TaggedSpan {
  TextRange range;         // code points of the text
  std::string key;         // an attribute key of the model
  double probability = 0;  // mean over its tokens
};

/// A span of texts[text_idx] under suspicion.
struct MarkedSpan {
  size_t text_idx = 0;
  TextRange range;
};

struct Support {
  size_t attribute_idx = 0;
  double probability = 0;
};

/// One caller at a time; moving is cheap. Texts longer than the model's positions are read in windows
/// that end with sentences where possible; attributes beyond half of the positions are left out of
/// tag() and asked in further passes by supports(). What a text gives does not depend on the others.
class ClaimTagger {
 public:
  /// Throws NotFound, Corrupt (not a tagger, vocabulary and weights that differ in size), InvalidInput.
  static ClaimTagger load(const std::filesystem::path& model_dir, const ClaimTaggerConfig& config);
  ~ClaimTagger();
  ClaimTagger(ClaimTagger&&) noexcept;
  ClaimTagger& operator=(ClaimTagger&&) noexcept;

  /// Keys that spans can have, in order of the model's labels.
  const std::vector<std::string>& keys() const;

  /// The spans of each text, by position. Throws InvalidInput for invalid UTF-8, naming the text.
  std::vector<std::vector<TaggedSpan>> tag(std::span<const TaggerText> texts);

  /// For each span the attribute that entails it with the highest probability; nothing when none
  /// reaches support_threshold, when the product has no attributes, or no token lies in the span.
  /// Throws InvalidInput for a span that is empty or outside its text, and as tag().
  std::vector<std::optional<Support>> supports(std::span<const TaggerText> texts,
                                               std::span<const MarkedSpan> spans);

 private:
  class Impl;
  explicit ClaimTagger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Token windows of at most `budget` tokens: as many sentences as fit, a longer sentence cut behind a
/// comma where it has one, else at the budget. The windows cover all tokens.
std::vector<TextRange> token_windows(std::u32string_view text,
                                     const std::vector<TaggerToken>& tokens, size_t budget);

}  // namespace vitrine::copywriting
