// imagery/captions.h - the words under a picture: from what was measured and what a product says,
// to captions for training and prompts for drawing, in Chinese and English.
//
// A caption is a list of words, class first: 连衣裙 红色 纯色 白色背景. The same list serves training
// (shuffled, words dropped) and drawing (in order), so that both speak one language.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "data/normalization.h"
#include "data/product.h"
#include "data/selection.h"
#include "data/statistics.h"
#include "imagery/picture_traits.h"
#include "text/tokenizer.h"

namespace vitrine::imagery {

enum class Language { zh, en };

/// What a caption may say about a picture.
struct CaptionFacts {
  std::string label;  // class of rules/pictures/classes.tsv ("dress"), or a word of one's own; may be empty
  std::optional<ColourName> colour;
  std::optional<Pattern> pattern;
  std::optional<ColourName> background;
};
CaptionFacts facts_of(std::string_view label, const PictureTraits& traits);

/// A word of a product that captions have, or the product's own.
struct CaptionWord {
  std::string zh, en;  // equal for a word that captions do not have
  bool known = false;
};

/// Immutable after load, thread-safe.
class CaptionWords {
 public:
  /// Reads rules/pictures/classes.tsv and words.tsv. Throws NotFound, or Corrupt naming file and line.
  static CaptionWords load();

  /// Class, colour, pattern, background, as far as there are such: 连衣裙 红色 纯色 白色背景;
  /// dress, red, plain, white background. A label that is no class stands for itself.
  std::vector<std::string> words(const CaptionFacts& facts, Language language) const;

  /// The word that captions have for a value of a product table (浅蓝色: 蓝色). One that they do not
  /// have stays as it is.
  CaptionWord word_for(std::string_view value) const;

  /// Wider words of a class word in its language (连衣裙: 裙); none for other words.
  std::vector<std::string> wider(std::string_view class_word) const;

  /// The classes of classes.tsv ("dress"), by name.
  std::vector<std::string> classes() const;
  /// Those that a Chinese caption word stands for: its own (连衣裙), or all that it is a wider word of (裙); none for other words.
  std::vector<std::string> classes_of(std::string_view word) const;

 private:
  struct Class {
    std::string zh, en;
  };
  void add_word(std::string_view word, const CaptionWord& caption);
  void load_classes();
  void load_words();

  std::map<std::string, Class, std::less<>> classes_;
  std::map<std::string, CaptionWord, std::less<>> words_;                // by folded word
  std::map<std::string, std::vector<std::string>, std::less<>> wider_;  // by class word
};

/// One line: parted by a space in Chinese, by ", " in English.
std::string join_words(const std::vector<std::string>& words, Language language);

/// What keeps training from learning the order and from needing every word.
struct CaptionNoise {
  double drop_word = 0.1;     // chance of each word but the first
  double drop_caption = 0.1;  // chance of an empty caption, for classifier-free guidance
  double wider_word = 0.3;    // chance that the class word is a wider one
  bool shuffle = true;
};

/// The words of one training step: a pure function of words, noise and key.
/// Throws InvalidInput for a chance outside 0..1.
std::vector<std::string> noisy_words(std::vector<std::string> words, const CaptionNoise& noise, const CaptionWords& captions, RandomKey key);

struct PromptConfig {
  Language language = Language::zh;
  bool normalize = true;
  double min_tf_idf = 0;  // pairs below it in their category are left out (data/selection.h); 0 = none
  std::optional<ColourName> background = {};  // said last, unless the product says one (背景) or there is nothing else to say
};

/// The words of a product in the order class, colour, pattern, then as the product has them; each
/// once. Values that captions do not have are kept and listed.
struct Prompt {
  std::vector<std::string> words;
  std::vector<std::string> unknown;          // of the words
  std::vector<std::string> captions;         // the others, in Chinese whatever the language
  std::vector<data::SparsePair> sparse;      // left out
  std::vector<data::UnmappedPair> unmapped;  // by the normaliser
};

/// `statistics` are asked only for min_tf_idf > 0.
Prompt build_prompt(data::Product product, const CaptionWords& captions, const data::AttributeNormalizer& normalizer,
                    const data::AttributeStatistics& statistics, const PromptConfig& config);

/// A prompt that fits a text encoder.
struct FittedPrompt {
  std::string text;
  int64_t tokens = 0;            // with the start and end tokens
  std::vector<std::string> cut;  // words that were left out, in order
};

/// Leaves out words from the end until at most `max_tokens` (77, Chinese-CLIP 52) are needed, two
/// of them for start and end. Throws InvalidInput for max_tokens < 2.
FittedPrompt fit_prompt(std::vector<std::string> words, Language language, const text::Tokenizer& tokenizer, int64_t max_tokens);

}  // namespace vitrine::imagery
