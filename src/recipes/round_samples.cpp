#include "recipes/round_samples.h"

#include <algorithm>

#include "base/compressed.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "copywriting/copy_model.h"
#include "generation/dtypes.h"
#include "recipes/json_lines.h"
#include "copywriting/copy_writer.h"
#include "recipes/write_parts.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kProductsPerPart = 256;

/// Texts that are drawn alike.
struct Kind {
  bool planned = false;
  double temperature = 0;
  int count = 0;
};

std::vector<Kind> kinds_of(const SampleConfig& config) {
  std::vector<Kind> kinds;
  for (const bool planned : {false, true}) {
    const int count = planned ? config.planned_texts : config.num_return_sequences - config.planned_texts;
    const int first = (count + 1) / 2;
    kinds.push_back({planned, config.temperature, first});
    kinds.push_back({planned, config.second_temperature, count - first});
  }
  std::erase_if(kinds, [](const Kind& kind) { return kind.count == 0; });
  return kinds;
}

int64_t seed_of(const SampleRun& run, size_t kind_idx) {
  const auto key = RandomKey(static_cast<uint64_t>(run.seed)).fold_in("round").fold_in(static_cast<uint64_t>(run.round));
  return static_cast<int64_t>(key.bits(kind_idx) >> 1);
}

copywriting::WriteConfig write_config(const SampleConfig& config, const Kind& kind, int64_t seed) {
  copywriting::WriteConfig write;
  write.num_return_sequences = kind.count;
  write.temperature = kind.temperature;
  write.open_plan = !kind.planned;
  write.complete_open_plan = false;  // what the model leaves out is what it has to learn
  write.top_p = config.top_p;
  write.length = config.length;
  write.check = false;
  write.variants = 1;
  write.retries = 0;
  write.rewrites = 0;
  write.seed = seed;
  return write;
}

Json json_of(const Sample& sample) {
  return {{"text", sample.text},           {"tokens", sample.tokens}, {"logprob", sample.logprob},
          {"temperature", sample.temperature}, {"planned", sample.planned}, {"may_leave", sample.may_leave}, {"hits", sample.hits},
          {"blocked", sample.blocked},     {"coverage", sample.coverage}};
}

Sample sample_from(const Json& json) {
  Sample sample;
  sample.text = json.at("text").get<std::string>();
  sample.tokens = json.at("tokens").get<int64_t>();
  sample.logprob = json.at("logprob").get<double>();
  sample.temperature = json.at("temperature").get<double>();
  sample.planned = json.at("planned").get<bool>();
  sample.may_leave = json.at("may_leave").get<bool>();
  sample.hits = json.at("hits").get<int>();
  sample.blocked = json.at("blocked").get<std::vector<std::string>>();
  sample.coverage = json.at("coverage").get<double>();
  return sample;
}

std::string lines_of(std::span<const data::Product> products, std::span<copywriting::CopyWriter> writers, std::span<const Kind> kinds) {
  std::vector<SampledProduct> sampled(products.size());
  for (size_t k = 0; k < writers.size(); ++k) {
    auto written = writers[k].write(products);
    for (size_t i = 0; i < products.size(); ++i) {
      sampled[i].product_id = products[i].id;
      if (written[i].origin != "model") continue;
      std::sort(written[i].candidates.begin(), written[i].candidates.end(),
                [](const auto& a, const auto& b) { return a.index < b.index; });
      for (const auto& candidate : written[i].candidates) sampled[i].samples.push_back(sample_of(candidate, kinds[k].temperature, kinds[k].planned));
    }
  }
  std::string lines;
  for (const auto& product : sampled) {
    Json samples = Json::array();
    for (const auto& sample : product.samples) samples.push_back(json_of(sample));
    lines += dump_line({{"id", product.product_id}, {"samples", std::move(samples)}}) + "\n";
  }
  return lines;
}

Json settings_of(const SampleConfig& config, const SampleRun& run, const std::string& model_sha256,
                 std::span<const data::Product> products) {
  Json settings = config_to_json(config);
  std::string ids;
  for (const auto& product : products) ids += product.id + "\n";
  settings.update({{"isa", generation::instruction_set()}, {"seed", run.seed}, {"round", run.round}, {"dtype", run.dtype}, {"model_sha256", model_sha256},
                   {"products_sha256", sha256_hex(ids)}});
  return settings;
}

}  // namespace

Sample sample_of(const copywriting::Candidate& candidate, double temperature, bool planned) {
  Sample sample;
  sample.text = candidate.text;
  sample.tokens = candidate.tokens;
  sample.logprob = candidate.logprob;
  sample.temperature = temperature;
  sample.planned = planned;
  sample.may_leave = candidate.may_leave();
  sample.blocked = candidate.faults;
  sample.coverage = candidate.coverage;
  for (const auto& hit : candidate.report.hits) {
    if (hit.level == checks::Level::block) {
      sample.blocked.push_back(hit.rule->id + ":" + hit.term);
    } else {
      ++sample.hits;
    }
  }
  return sample;
}

void SampleConfig::validate() const {
  check_config(*this, "align copy");
  if (planned_texts > num_return_sequences) {
    throw UsageError(concat("--planned-texts: expected at most --num-return-sequences ", num_return_sequences, ", got ", planned_texts));
  }
}

void sample_products(std::span<const data::Product> products, const SampleConfig& config, const SampleRun& run) {
  config.validate();
  generation::DecoderConfig decoder;
  decoder.threads = run.threads;
  decoder.dtype = run.dtype;
  decoder.max_batch = kRoundBatch;
  const auto model = copywriting::load_copy_model(run.model_dir, decoder);
  const auto kinds = kinds_of(config);
  std::vector<copywriting::CopyWriter> writers;
  for (size_t k = 0; k < kinds.size(); ++k) writers.emplace_back(write_config(config, kinds[k], seed_of(run, k)), &model);
  WriteParts parts(run.output, settings_of(config, run, model.sha256, products), {".jsonl"}, /*restart=*/false);
  const size_t num_parts = (products.size() + kProductsPerPart - 1) / kProductsPerPart;
  Progress progress(concat("round ", run.round, ": texts"), products.size(), "products");
  for (size_t part = 0; part < num_parts; ++part) {
    const auto rows = products.subspan(part * kProductsPerPart).first(std::min(kProductsPerPart, products.size() - part * kProductsPerPart));
    if (parts.finished(part)) {
      progress.skip(rows.size());
      continue;
    }
    throw_if_interrupted("the finished parts are kept; the same command goes on");
    parts.begin(part);
    parts.write(0, lines_of(rows, writers, kinds));
    parts.finish(Json::object());
    progress.advance(rows.size());
  }
  OutputFile output(run.output);
  for (size_t part = 0; part < num_parts; ++part) parts.copy(part, 0, output);
  output.commit();
  parts.remove();
}

std::vector<SampledProduct> read_samples(const std::filesystem::path& path) {
  std::vector<SampledProduct> products;
  for_each_json_line(read_file_unpacked(path), path.string(), [&](const Json& json, const std::string& where) {
    SampledProduct& product = products.emplace_back();
    try {
      product.product_id = json.at("id").get<std::string>();
      for (const auto& sample : json.at("samples")) product.samples.push_back(sample_from(sample));
    } catch (const Json::exception&) {
      throw Corrupt(concat("[read_samples] ", where, ": expected a line of samples"));
    }
  });
  return products;
}

}  // namespace vitrine::recipes
