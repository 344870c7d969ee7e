#include "recipes/captioned_pictures.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "data/picture_sets.h"
#include "imagery/captions.h"
#include "imagery/picture_traits.h"
#include "models/picture_tensor.h"
#include "train/picture_tensors.h"

namespace vitrine::recipes {
namespace {

using imagery::Language;

std::vector<Language> languages_of(const std::string& name) {
  if (name == "en") return {Language::en};
  if (name == "zh") return {Language::zh};
  VITRINE_REQUIRE(name == "both", "[CaptionedPictures] language: expected en, zh or both, got '", name, "'");
  return {Language::zh, Language::en};
}

/// What a caption of one picture is made of.
struct CaptionSource {
  std::string text;  // of the set; empty = `facts` make the caption
  std::string split;
  imagery::CaptionFacts facts;
};

template <typename Key>
std::map<Key, double> counts_of(const std::vector<Key>& keys) {
  std::map<Key, double> counts;
  for (const Key& key : keys) counts[key] += 1;
  return counts;
}

}  // namespace

struct CaptionedPictures::Data {
  train::PictureTensors pictures;
  std::vector<CaptionSource> captions;
  std::vector<Language> languages;
  imagery::CaptionWords words = imagery::CaptionWords::load();
  imagery::CaptionNoise noise{.drop_caption = 0};  // captions are dropped by the loss
  std::string licence;

  std::string whole(size_t row, Language language) const {
    const CaptionSource& caption = captions[row];
    return caption.text.empty() ? imagery::join_words(words.words(caption.facts, language), language) : caption.text;
  }
  /// 1 / frequency^balance of each value.
  template <typename Key>
  std::vector<double> rarity(const std::vector<Key>& keys, double balance) const {
    const auto counts = counts_of(keys);
    std::vector<double> weights;
    for (const Key& key : keys) weights.push_back(std::pow(static_cast<double>(keys.size()) / counts.at(key), balance));
    return weights;
  }
};

namespace {

data::PictureSet read_set(const std::filesystem::path& path, const CaptionedSplit& split) {
  if (split.plain) {
    data::PictureSet set;
    for (const std::filesystem::path& file : train::picture_files(path)) {
      set.records.emplace_back();
      set.records.back().pictures.push_back({.file = file, .member = {}});
      set.records.back().product.source.licence = split.licence;
    }
    return set;
  }
  data::PictureSetConfig config;
  config.split = split.name;
  config.licence = split.licence;
  return data::read_picture_set(path, config);
}

CaptionSource caption_of(const data::PictureRecord& record, const at::Tensor& pixels, bool plain) {
  CaptionSource caption{data::text_of(record), record.split, {}};
  if (plain || !caption.text.empty()) return caption;
  VITRINE_REQUIRE(!record.label.empty(), "[CaptionedPictures] ", data::to_string(record.pictures.front()), ": neither text nor class");
  caption.facts = imagery::facts_of(record.label, imagery::measure_traits(models::to_picture(models::to_signed_unit(pixels))));
  return caption;
}

}  // namespace

CaptionedPictures::CaptionedPictures(const std::filesystem::path& path, const CaptionedSplit& split, const train::PictureSize& size)
    : data_(std::make_unique<Data>()) {
  data_->languages = languages_of(split.language);
  data_->noise.drop_word = split.drop_word;
  const data::PictureSet set = read_set(path, split);
  std::vector<data::PictureFile> files;
  for (const data::PictureRecord& record : set.records) files.push_back(record.pictures.front());
  std::vector<size_t> kept;
  data_->pictures = train::load_pictures(files, size, kept);
  for (size_t i = 0; i < kept.size(); ++i) {
    const data::PictureRecord& record = set.records[kept[i]];
    data_->captions.push_back(caption_of(record, data_->pictures.pixels[static_cast<int64_t>(i)], split.plain));
    if (data_->licence.empty()) data_->licence = record.product.source.licence;
  }
}

CaptionedPictures::~CaptionedPictures() = default;
CaptionedPictures::CaptionedPictures(CaptionedPictures&&) noexcept = default;

size_t CaptionedPictures::size() const { return data_->captions.size(); }
const train::PictureTensors& CaptionedPictures::pictures() const { return data_->pictures; }
const std::string& CaptionedPictures::licence() const { return data_->licence; }

std::string CaptionedPictures::caption(size_t row, RandomKey key) const {
  const CaptionSource& source = data_->captions[row];
  if (!source.text.empty()) return source.text;
  const Language language = data_->languages[key.below(data_->languages.size(), 0)];
  return imagery::join_words(imagery::noisy_words(data_->words.words(source.facts, language), data_->noise, data_->words, key.fold_in("words")), language);
}

std::string CaptionedPictures::whole_caption(size_t row) const { return data_->whole(row, data_->languages.front()); }

std::vector<std::string> CaptionedPictures::all_captions() const {
  std::vector<std::string> captions;
  for (size_t row = 0; row < size(); ++row) {
    for (std::string& caption : captions_in_all_languages(row)) captions.push_back(std::move(caption));
  }
  return captions;
}

std::vector<std::string> CaptionedPictures::captions_in_all_languages(size_t row) const {
  std::vector<std::string> captions;
  for (const Language language : data_->languages) captions.push_back(data_->whole(row, language));
  return captions;
}

const std::string& CaptionedPictures::split(size_t row) const { return data_->captions[row].split; }

bool CaptionedPictures::has_split(const std::string& name) const {
  return std::any_of(data_->captions.begin(), data_->captions.end(), [&](const CaptionSource& caption) { return caption.split == name; });
}

std::vector<double> CaptionedPictures::weights(double balance) const {
  std::vector<std::string> classes;
  std::vector<int> colours;
  for (const CaptionSource& caption : data_->captions) {
    classes.push_back(caption.facts.label);
    colours.push_back(caption.facts.colour ? static_cast<int>(*caption.facts.colour) : -1);
  }
  std::vector<double> weights = data_->rarity(classes, balance);
  const std::vector<double> of_colours = data_->rarity(colours, balance);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] *= of_colours[i];
  return weights;
}

std::vector<PicturePrompt> CaptionedPictures::whole_prompts(size_t row) const {
  std::vector<PicturePrompt> prompts;
  for (std::string& caption : captions_in_all_languages(row)) prompts.push_back({std::move(caption), data_->captions[row].facts});
  return prompts;
}

std::vector<PicturePrompt> CaptionedPictures::asked_prompts() const {
  std::set<std::string> classes;
  for (const CaptionSource& caption : data_->captions) classes.insert(caption.facts.label);
  classes.erase("");
  std::vector<PicturePrompt> prompts = prompts_of_classes(data_->words, {classes.begin(), classes.end()}, kAskedColours, data_->languages.front());
  for (size_t i = 0; i < prompts.size(); ++i) prompts[i].text = text_in(data_->words, prompts[i], data_->languages[i % data_->languages.size()]);
  return prompts;
}

std::vector<std::string> CaptionedPictures::sample_prompts() const {
  constexpr size_t kWholeCaptions = 12;
  std::vector<std::string> prompts;
  for (const PicturePrompt& prompt : asked_prompts()) prompts.push_back(prompt.text);
  if (!prompts.empty()) return prompts;
  for (size_t row = 0; row < std::min(kWholeCaptions, size()); ++row) prompts.push_back(whole_caption(row));
  return prompts;
}

}  // namespace vitrine::recipes
