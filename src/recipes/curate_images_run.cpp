#include "recipes/curate_images_run.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "copywriting/copy_model.h"
#include "models/clip/config.h"
#include "recipes/export_pictures.h"
#include "recipes/points.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {
namespace {

struct Sets {
  std::vector<data::PictureRecord> records;
  data::ImportReport report;
  Json inputs = Json::array();  // name, rows
};

/// Ids are paths or numbers of one set: those of a later set that are there already get a number.
void number_repeated_ids(std::vector<data::PictureRecord>& records) {
  std::map<std::string, int64_t> seen;
  for (auto& record : records) {
    const int64_t times = ++seen[record.product.id];
    if (times > 1) record.product.id += "-" + std::to_string(times);
  }
}

Sets read_all(std::span<const std::string> paths, const data::PictureSetConfig& reader) {
  Sets sets;
  for (const std::string& path : paths) {
    auto set = data::read_picture_set(path, reader);
    sets.inputs.push_back({{"set", path}, {"rows", set.report.rows_in}});
    std::move(set.records.begin(), set.records.end(), std::back_inserter(sets.records));
    sets.report.merge(set.report);
  }
  number_repeated_ids(sets.records);
  return sets;
}

/// The first line of the funnel, so that its sums equal the sets.
FilterReport import_line(const data::ImportReport& report, const data::PictureSetConfig& reader) {
  FilterReport line;
  line.filter = "import";
  line.rows_in = report.rows_in;
  line.kept = report.rows_kept;
  line.dropped = report.rows_rejected;
  line.config_sha256 = sha256_hex(dump_line(config_to_json(reader)));
  for (const auto& [code, count] : report.counts()) line.reasons.emplace_back(code, count);
  return line;
}

std::string rejects_of_import(const data::ImportReport& report) {
  std::string lines;
  for (const auto& entry : report.entries) {
    if (entry.severity != data::Severity::reject) continue;
    Json json = data::to_json(entry);
    json["filter"] = "import";
    lines += dump_line(json) + "\n";
  }
  return lines;
}

data::AttributeStatistics statistics_of(const std::vector<data::PictureRecord>& records, const CurateImagesRunConfig& config) {
  std::vector<data::Product> products;
  const data::AttributeNormalizer normalizer = data::AttributeNormalizer::load();
  for (const auto& record : records) {
    if (record.product.attributes.empty()) continue;
    products.push_back(record.product);
    if (config.funnel.normalize) normalizer.normalize(products.back());
  }
  if (products.empty() || !config.funnel.tf_idf) return {};
  return statistics_for(products, config.statistics);
}

CaptionTokens count_tokens(const CuratedPictures& set, const std::string& model_dir) {
  const auto folder = copywriting::find_model(model_dir);
  const models::TextConfig text_config = models::read_text_config(folder);
  const auto tokenizer = text::load_tokenizer(folder);
  CaptionTokens counted{.model = model_dir, .max_tokens = models::max_tokens_of(text_config), .tokens = {}, .cut = {}};
  const bool is_chinese = std::holds_alternative<models::BertConfig>(text_config);
  const auto language = is_chinese ? imagery::Language::zh : imagery::Language::en;
  for (const PictureRow& row : set.kept) {
    const auto prompt = imagery::fit_prompt(is_chinese ? row.words : row.words_en, language, *tokenizer, counted.max_tokens);
    counted.tokens.push_back(static_cast<double>(prompt.tokens));
    if (!prompt.cut.empty()) counted.cut.emplace_back(row.record.product.id, imagery::join_words(prompt.cut, language));
  }
  return counted;
}

Json tokens_json(const CaptionTokens& tokens) {
  double most = 0;
  for (const double count : tokens.tokens) most = std::max(most, count);
  Json cut = Json::array();
  for (const auto& [id, words] : tokens.cut) cut.push_back({{"id", id}, {"words", words}});
  return {{"text_encoder", tokens.model}, {"max_tokens", tokens.max_tokens}, {"longest", most}, {"cut", cut}};
}

std::unique_ptr<imagery::PairScorer> scorer_of(const CurateImagesRunConfig& config, const LoadPairScorer& load) {
  if (config.clip_model.empty() || !config.funnel.clip) return nullptr;
  if (!load) throw UsageError("[curate images] --clip-model: needs libtorch; give it on the command line, so that vitrine-torch takes over");
  return load(config.clip_model);
}

}  // namespace

CuratedPictures curate_picture_sets(std::span<const std::string> paths, const CurateImagesRunConfig& config, int threads, const LoadPairScorer& load_scorer) {
  if (paths.empty()) throw UsageError("[curate images] no input");
  config.funnel.validate();
  const std::vector<std::string> inputs(paths.begin(), paths.end());
  const auto place = require_artefact_place("curate images", config.output, kCuratedPicturesKind, inputs);
  const auto scorer = scorer_of(config, load_scorer);
  Sets sets = read_all(paths, config.reader);
  if (sets.report.rows_rejected > 0) data::log_table("[curate images] input:", sets.report.table(), true);
  CurateImagesTools tools{.held_out = {}, .statistics = statistics_of(sets.records, config), .clip = scorer.get(), .threads = threads};
  if (!config.dev.empty()) tools.held_out = data::read_picture_set(config.dev, {}).records;
  CuratedPictures set = curate_pictures(std::move(sets.records), config.funnel, tools);
  set.filters.insert(set.filters.begin(), import_line(sets.report, config.reader));

  const std::string& encoder = config.text_encoder.empty() ? config.clip_model : config.text_encoder;
  std::optional<CaptionTokens> tokens;
  if (!encoder.empty()) tokens = count_tokens(set, encoder);
  ArtefactFolder folder(place, kCuratedPicturesKind);
  const std::string kept = kept_jsonl(set);
  write_file_atomic(folder.path() / "kept.jsonl", kept);
  write_file_atomic(folder.path() / "rejects.jsonl", rejects_of_import(sets.report) + rejects_jsonl(set));
  write_file_atomic(folder.path() / "funnel.json", dump_pretty(funnel_json(set.filters)));
  write_file_atomic(folder.path() / "funnel.html", funnel_html(set, tokens));
  if (config.export_as != "none") export_pictures(set, config.export_as, folder.path() / config.export_as);
  Json manifest = manifest_of(kCuratedPicturesKind);
  manifest.update({{"verb", "curate images"}, {"settings", config_to_json(config)}, {"inputs", sets.inputs}, {"outputs", {{"kept.jsonl", sha256_hex(kept)}}}});
  if (tokens) manifest["captions"] = tokens_json(*tokens);
  write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest));
  folder.commit();
  return set;
}

}  // namespace vitrine::recipes
