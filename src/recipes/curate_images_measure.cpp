// The pixels of the records: read, decoded and measured once; and the captions made of that.
#include <atomic>
#include <mutex>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "data/table_file.h"
#include "imagery/perceptual_hash.h"
#include "recipes/curate_images_filters.h"

namespace vitrine::recipes {
namespace {

constexpr int64_t kDetailSide = 256;  // pixels

PictureMeasures measures_of(const io::Picture& picture) {
  return {picture.width, picture.height, imagery::perceptual_hash(picture), imagery::measure_traits(picture),
          imagery::measure_detail(imagery::lab_grid(picture, kDetailSide))};
}

/// The code of the message "[read_picture] IMG_UNREADABLE name: why".
std::string code_in(const std::string& message) {
  for (const char* code : {"EMPTY_FILE", "TOO_LARGE", "BAD_BASE64", "IMG_UNREADABLE"}) {
    if (message.find(code) != std::string::npos) return code;
  }
  return "IMG_UNREADABLE";
}

void measure(PictureRow& row) {
  const data::PictureFile& main = row.record.pictures.front();
  try {
    const std::string bytes = data::read_picture_bytes(main);
    row.sha256 = sha256_hex(bytes);
    const std::string name = to_string(main);
    const std::string_view format = to_string(io::read_picture_header(bytes, name).format);
    row.measures = measures_of(io::read_picture(bytes, name));
    row.format = format;
  } catch (const Corrupt& e) {  // what a picture file can be is an outcome, not a failure
    row.problem = code_in(e.what());
  } catch (const InvalidInput& e) {
    row.problem = code_in(e.what());
  } catch (const NotFound&) {
    row.problem = "IMG_MISSING";
  }
}

bool has_key(const data::Product& product, std::string_view key) {
  return std::any_of(product.attributes.begin(), product.attributes.end(), [&](const data::Attribute& a) { return a.key == key; });
}

/// What was measured and the product does not say.
imagery::CaptionFacts facts_beside(const PictureRow& row) {
  imagery::CaptionFacts facts;
  if (row.measures) facts = imagery::facts_of("", row.measures->traits);
  if (has_key(row.record.product, "颜色")) facts.colour.reset();
  if (has_key(row.record.product, "图案")) facts.pattern.reset();
  return facts;
}

void append_once(std::vector<std::string>& words, const std::vector<std::string>& more) {
  for (const std::string& word : more) {
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
}

/// Class, then what the product says, then what was measured.
std::vector<std::string> product_words(PictureRow& row, const imagery::CaptionWords& captions, imagery::Language language) {
  static const data::AttributeNormalizer kNormalizer = data::AttributeNormalizer::load();
  auto prompt = imagery::build_prompt(row.record.product, captions, kNormalizer, {}, {.language = language, .normalize = false});
  row.unknown_words = prompt.unknown;
  std::vector<std::string> words = captions.words({row.record.label, {}, {}, {}}, language);
  append_once(words, prompt.words);
  if (words.empty() && !row.record.product.title_raw.empty()) words.push_back(row.record.product.title_raw);
  append_once(words, captions.words(facts_beside(row), language));
  return words;
}

}  // namespace

void measure_pictures(std::vector<PictureRow>& rows, int threads) {
  ThreadPool pool(threads);
  Progress progress("pictures", rows.size(), "pictures");
  std::mutex shown;
  pool.parallel_for(rows.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      throw_if_interrupted("curate: nothing is written");
      measure(rows[i]);
      const std::lock_guard lock(shown);
      progress.advance();
    }
  });
}

void write_caption(PictureRow& row, const imagery::CaptionWords& captions) {
  if (!row.record.text.empty()) {
    row.words = row.words_en = data::split_any(row.record.text, U",，");
    return;
  }
  row.words = product_words(row, captions, imagery::Language::zh);
  row.words_en = product_words(row, captions, imagery::Language::en);
}

}  // namespace vitrine::recipes
