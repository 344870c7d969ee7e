// text/segment.h - Chinese text into words, as Python jieba 0.42.1 `cut` with its default dictionary.
//
// Known words: the most probable path through a prefix dictionary. Runs of single characters that the
// dictionary leaves: a hidden Markov model over character places (begin, middle, end, single).
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::text {

/// Immutable and thread-safe once made.
class Segmenter {
 public:
  /// dictionary: "word frequency [tag]" a line; hmm: as tools/vendor_jieba.py writes it. Both may be gzip files.
  /// Throws NotFound, IoError, or Corrupt with file and line.
  Segmenter(const std::filesystem::path& dictionary, const std::filesystem::path& hmm);
  ~Segmenter();
  Segmenter(Segmenter&&) noexcept;
  Segmenter& operator=(Segmenter&&) noexcept;

  /// Pieces that follow each other and cover the whole text; white space and signs are pieces too.
  std::vector<std::u32string_view> cut(std::u32string_view text) const;
  /// The same in UTF-8. Throws InvalidInput for invalid UTF-8.
  std::vector<std::string> cut(std::string_view utf8) const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

/// The segmenter of the shipped dictionary (third_party/jieba), loaded at the first call; thread-safe.
const Segmenter& default_segmenter();

}  // namespace vitrine::text
