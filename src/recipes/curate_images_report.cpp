#include <algorithm>
#include <array>
#include <cmath>

#include "base/base64.h"
#include "base/error.h"
#include "base/svg_chart.h"
#include "imagery/perceptual_hash.h"
#include "io/picture_resize.h"
#include "recipes/curate_images.h"

namespace vitrine::recipes {
namespace {

constexpr int64_t kThumbnail = 112;  // pixels
constexpr size_t kExamples = 30;

double rounded(double value) { return std::round(value * 10000) / 10000; }

Json colour_json(const imagery::ColourShares& shares) {
  Json json = {{"name", english(shares.name)}, {"zh", chinese(shares.name)}, {"share", rounded(shares.share)}};
  if (shares.second) json["second"] = english(*shares.second);
  json["lab"] = {rounded(shares.mean.l), rounded(shares.mean.a), rounded(shares.mean.b)};
  return json;
}

Json traits_json(const PictureMeasures& measures) {
  const imagery::PictureTraits& traits = measures.traits;
  return {{"colour", colour_json(traits.garment)}, {"background", colour_json(traits.background)}, {"pattern", english(traits.pattern)},
          {"texture", rounded(traits.texture)}, {"brightness", rounded(traits.brightness)}, {"coverage", rounded(traits.coverage)},
          {"confidence", rounded(traits.confidence)}, {"spread", rounded(measures.detail.spread)}, {"detail", rounded(measures.detail.detail)}};
}

Json signals_json(const data::Signals& signals) {
  Json json = Json::object();
  if (signals.reviews) json["reviews"] = *signals.reviews;
  if (signals.favorites) json["favorites"] = *signals.favorites;
  if (signals.sales) json["sales"] = *signals.sales;
  return json;
}

Json attributes_json(const data::Product& product) {
  Json list = Json::array();
  for (const data::Attribute& attribute : product.attributes) list.push_back(data::to_json(attribute));
  return list;
}

void put(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

void put_picture(Json& json, const PictureRow& row) {
  const auto& pictures = row.record.pictures;
  if (pictures.empty()) return;
  json["picture"] = data::to_json(pictures.front());
  for (size_t i = 1; i < pictures.size(); ++i) json["more_pictures"].push_back(data::to_json(pictures[i]));
  put(json, "sha256", row.sha256);
  put(json, "format", row.format);
  if (!row.measures) return;
  json["width"] = row.measures->width;
  json["height"] = row.measures->height;
  json["phash"] = imagery::hash_text(row.measures->hash);
  json["traits"] = traits_json(*row.measures);
}

void put_caption(Json& json, const PictureRow& row) {
  if (row.words.empty()) return;
  json["caption"] = join_words(row.words, imagery::Language::zh);
  json["caption_en"] = join_words(row.words_en, imagery::Language::en);
  json["caption_words"] = row.words;
  json["caption_words_en"] = row.words_en;
  if (!row.unknown_words.empty()) json["unknown_words"] = row.unknown_words;
}

}  // namespace

Json row_json(const PictureRow& row) {
  const data::PictureRecord& record = row.record;
  Json json = {{"id", record.product.id}};
  put_picture(json, row);
  put(json, "split", record.split);
  put(json, "class", record.label);
  put(json, "title", record.product.title_raw);
  put(json, "text", record.text);
  if (!record.product.attributes.empty()) json["attributes"] = attributes_json(record.product);
  put_caption(json, row);
  json["signals"] = signals_json(record.signals);
  if (row.clip_score) json["clip"] = rounded(*row.clip_score);
  if (record.repeats != 1) json["repeats"] = record.repeats;
  json["source"] = {{"file", record.product.source.file}, {"row", record.product.source.row}, {"format", record.product.source.format},
                    {"licence", record.product.source.licence}};
  return json;
}

std::string kept_jsonl(const CuratedPictures& set) {
  std::string out;
  for (const PictureRow& row : set.kept) out += dump_line(row_json(row)) + "\n";
  return out;
}

std::string rejects_jsonl(const CuratedPictures& set) {
  std::string out;
  for (const auto& [row, filter, reason] : set.rejected) {
    Json json = row_json(row);
    json["filter"] = filter;
    json["reason"] = reason;
    out += dump_line(json) + "\n";
  }
  return out;
}

namespace {

constexpr std::string_view kGalleryStyle =
    "<style>.gallery{display:flex;flex-wrap:wrap;gap:.6em}.gallery figure{margin:0;width:8em;font-size:.8em;overflow-wrap:anywhere}"
    ".gallery img{display:block;max-width:8em;max-height:8em}.gallery .dropped{opacity:.75;border-left:3px solid var(--c3)}"
    ".gallery .kept{border-left:3px solid var(--c0)}.gallery figure{padding-left:.4em}</style>";

/// A small JPEG as a data URI; "" for a picture that cannot be read.
std::string thumbnail(const data::PictureFile& file) {
  try {
    const io::Picture picture = io::reread_picture(data::read_picture_bytes(file), to_string(file));
    const double scale = static_cast<double>(kThumbnail) / static_cast<double>(std::max(picture.width, picture.height));
    const auto side = [&](int64_t pixels) { return std::max<int64_t>(1, std::lround(static_cast<double>(pixels) * scale)); };
    const io::Picture small = io::resize(picture, side(picture.width), side(picture.height));
    return data_uri("image/jpeg", io::encode_picture(small, io::PictureFormat::jpeg, {.quality = 70}));
  } catch (const Corrupt&) {
    return "";
  } catch (const InvalidInput&) {
    return "";
  }
}

struct Figure {
  const data::PictureFile* file = nullptr;
  std::string_view css;
  std::string caption;
};

void add_gallery(HtmlReport& page, const std::vector<Figure>& figures) {
  std::string html = "<div class=\"gallery\">";
  for (const Figure& figure : figures) {
    html += concat("<figure class=\"", figure.css, "\">");
    const std::string image = figure.file != nullptr ? thumbnail(*figure.file) : "";
    if (!image.empty()) html += concat("<img alt=\"\" src=\"", image, "\">");
    html += concat("<figcaption>", escape_html(figure.caption), "</figcaption></figure>");
  }
  page.raw(html + "</div>");
}

using Files = std::map<std::string, const data::PictureFile*>;

Files files_by_id(const CuratedPictures& set) {
  Files files;
  const auto add = [&](const PictureRow& row) {
    if (!row.record.pictures.empty()) files.emplace(row.record.product.id, &row.record.pictures.front());
  };
  for (const PictureRow& row : set.kept) add(row);
  for (const RejectedPicture& rejected : set.rejected) add(rejected.row);
  return files;
}

void add_margin(HtmlReport& page, const FilterReport& filter, const Files& files) {
  std::vector<Figure> figures;
  for (const MarginSample& sample : filter.margin) {
    const auto file = files.find(sample.id);
    figures.push_back({file != files.end() ? file->second : nullptr, sample.kept ? "kept" : "dropped",
                       concat(sample.kept ? "保留 " : "剔除 ", fixed(sample.score, 3), " ", sample.text)});
  }
  if (figures.empty()) return;
  page.begin_details("阈值两侧的图片");
  add_gallery(page, figures);
  page.end_details();
}

std::string note_text(const Json& value) { return value.is_string() ? value.get<std::string>() : dump_line(value); }

void add_filter(HtmlReport& page, const FilterReport& filter, const Files& files) {
  add_filter_head(page, filter, chinese_words());
  std::vector<std::vector<std::string>> rows;
  for (const auto& [bucket, count] : filter.buckets) rows.push_back({bucket, std::to_string(count)});
  if (!rows.empty()) page.table({"类别", "行"}, rows);
  std::vector<std::string> notes;
  if (filter.notes.is_object()) {
    for (const auto& [name, value] : filter.notes.items()) notes.push_back(concat(name, ": ", note_text(value)));
  }
  if (!notes.empty()) page.list(notes);
  add_margin(page, filter, files);
}

void add_counts(HtmlReport& page, const std::string& title, const std::map<std::string, int64_t>& counts) {
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> names;
  std::vector<double> values;
  for (const auto& [name, count] : sorted) {
    names.push_back(name);
    values.push_back(static_cast<double>(count));
  }
  if (!names.empty()) page.bar_chart(title, names, values);
}

void add_traits(HtmlReport& page, const CuratedPictures& set) {
  std::map<std::string, int64_t> classes, colours, backgrounds, patterns;
  std::vector<double> confidence;
  for (const PictureRow& row : set.kept) {
    if (!row.record.label.empty()) ++classes[row.record.label];
    if (!row.measures) continue;
    const imagery::PictureTraits& traits = row.measures->traits;
    ++colours[std::string(chinese(traits.garment.name))];
    ++backgrounds[std::string(chinese(traits.background.name))];
    ++patterns[std::string(chinese(traits.pattern))];
    confidence.push_back(traits.confidence);
  }
  page.heading("保留图片的测得特征");
  add_counts(page, "类别", classes);
  add_counts(page, "商品颜色", colours);
  add_counts(page, "背景颜色", backgrounds);
  add_counts(page, "图案", patterns);
  if (!confidence.empty()) page.histogram("商品与背景分离的可信度（低于 0.3 时难以分清）", "可信度", confidence);
}

void add_tokens(HtmlReport& page, const CaptionTokens& tokens) {
  page.heading("提示词长度");
  page.paragraph(concat("分词器：", tokens.model, "；上限 ", tokens.max_tokens, " 个词元；被截断的提示词 ", tokens.cut.size(), " 条。"));
  if (!tokens.tokens.empty()) page.histogram("每条提示词的词元数", "词元", tokens.tokens);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [id, words] : tokens.cut) {
    if (rows.size() < kExamples) rows.push_back({id, words});
  }
  if (!rows.empty()) page.table({"编号", "被截去的词"}, rows);
}

/// Kept rows at even distances.
void add_examples(HtmlReport& page, const CuratedPictures& set) {
  std::vector<Figure> figures;
  const size_t count = std::min(kExamples, set.kept.size());
  for (size_t i = 0; i < count; ++i) {
    const PictureRow& row = set.kept[i * set.kept.size() / count];
    figures.push_back({&row.record.pictures.front(), "kept", join_words(row.words, imagery::Language::zh)});
  }
  page.heading("保留的例子与提示词");
  add_gallery(page, figures);
}

}  // namespace

std::string funnel_html(const CuratedPictures& set, const std::optional<CaptionTokens>& tokens) {
  HtmlReport page("图片筛选漏斗", "zh-CN");
  if (set.filters.empty()) return page.html();
  page.raw(kGalleryStyle);
  add_funnel(page, set.filters, chinese_words());
  page.heading("各步筛选");
  const Files files = files_by_id(set);
  for (const FilterReport& filter : set.filters) add_filter(page, filter, files);
  add_traits(page, set);
  if (tokens) add_tokens(page, *tokens);
  add_examples(page, set);
  return page.html();
}

}  // namespace vitrine::recipes
