// recipes/captioned_pictures.h - a picture set in memory, with captions made of its classes and of what its pictures show.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "recipes/picture_prompts.h"

namespace vitrine::train {
struct PictureSize;
struct PictureTensors;
}

namespace vitrine::recipes {

struct CaptionedSplit {
  std::string name;      // train, validation; "" = all
  std::string language;  // of made captions: en, zh or both (one of them for each draw)
  std::string licence;   // where the set states none
  bool plain = false;    // `data` is a folder of pictures and nothing else; their captions are the caller's
  double drop_word = 0.1;  // chance of each word of a made caption but the class
};

/// Immutable.
class CaptionedPictures {
 public:
  /// The records of that split of `data`, read as data/picture_sets.h says. A record with a text of its own keeps it; else
  /// its caption is made of its class and measured traits.
  /// Throws what read_picture_set and load_pictures throw; InvalidInput for records with neither text nor class.
  CaptionedPictures(const std::filesystem::path& data, const CaptionedSplit& split, const train::PictureSize& size);
  ~CaptionedPictures();
  CaptionedPictures(CaptionedPictures&&) noexcept;

  size_t size() const;
  const train::PictureTensors& pictures() const;
  const std::string& licence() const;  // "" = the set states none
  const std::string& split(size_t row) const;  // train, validation, …; "" = the set has none
  bool has_split(const std::string& name) const;
  /// A caption of picture `row` with words in an order, and some left out, that depend on the key.
  std::string caption(size_t row, RandomKey key) const;
  /// All words of a picture, in the order of prompts.
  std::string whole_caption(size_t row) const;
  /// The same in each language that is used.
  std::vector<std::string> captions_in_all_languages(size_t row) const;
  /// What a vocabulary is learned from: the whole captions, in each language that is used.
  std::vector<std::string> all_captions() const;
  /// How often each picture is drawn: 1 / frequency^balance of its class, times the same of its colour.
  std::vector<double> weights(double balance) const;
  /// The same with what they say of the picture; nothing is known of a text of the set's own.
  std::vector<PicturePrompt> whole_prompts(size_t row) const;
  /// Every class in kAskedColours, in the languages by turns. None for a set that says no class.
  std::vector<PicturePrompt> asked_prompts() const;
  /// Prompts for the samples of a run: those, or whole captions where there are none.
  std::vector<std::string> sample_prompts() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace vitrine::recipes
