#include "recipes/round_samples.h"

#include <algorithm>

#include "base/compressed.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "copywriting/copy_model.h"
#include "recipes/json_lines.h"
#include "recipes/write.h"
#include "recipes/write_parts.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kProductsPerPart = 256;

int64_t seed_of(const SampleRun& run, int half) {
  const auto key = RandomKey(static_cast<uint64_t>(run.seed)).fold_in("round").fold_in(static_cast<uint64_t>(run.round));
  return static_cast<int64_t>(key.bits(static_cast<uint64_t>(half)) >> 1);
}

WriteConfig write_config(const SampleConfig& config, const SampleRun& run, int half) {
  WriteConfig write;
  const int first = (config.num_return_sequences + 1) / 2;
  write.num_return_sequences = half == 0 ? first : config.num_return_sequences - first;
  write.temperature = half == 0 ? config.temperature : config.second_temperature;
  write.top_p = config.top_p;
  write.length = config.length;
  write.open_plan = true;
  write.check = false;
  write.variants = 1;
  write.retries = 0;
  write.rewrites = 0;
  write.seed = seed_of(run, half);
  return write;
}

Sample sample_of(const copywriting::Candidate& candidate, double temperature) {
  Sample sample;
  sample.text = candidate.text;
  sample.tokens = candidate.tokens;
  sample.logprob = candidate.logprob;
  sample.temperature = temperature;
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

Json json_of(const Sample& sample) {
  return {{"text", sample.text},           {"tokens", sample.tokens}, {"logprob", sample.logprob},
          {"temperature", sample.temperature}, {"may_leave", sample.may_leave}, {"hits", sample.hits},
          {"blocked", sample.blocked},     {"coverage", sample.coverage}};
}

Sample sample_from(const Json& json) {
  Sample sample;
  sample.text = json.at("text").get<std::string>();
  sample.tokens = json.at("tokens").get<int64_t>();
  sample.logprob = json.at("logprob").get<double>();
  sample.temperature = json.at("temperature").get<double>();
  sample.may_leave = json.at("may_leave").get<bool>();
  sample.hits = json.at("hits").get<int>();
  sample.blocked = json.at("blocked").get<std::vector<std::string>>();
  sample.coverage = json.at("coverage").get<double>();
  return sample;
}

std::string lines_of(std::span<const data::Product> products, std::span<CopyWriter> writers,
                     const SampleConfig& config) {
  std::vector<SampledProduct> sampled(products.size());
  for (size_t half = 0; half < writers.size(); ++half) {
    const double temperature = half == 0 ? config.temperature : config.second_temperature;
    auto written = writers[half].write(products);
    for (size_t i = 0; i < products.size(); ++i) {
      sampled[i].product_id = products[i].id;
      if (written[i].origin != "model") continue;
      std::sort(written[i].candidates.begin(), written[i].candidates.end(),
                [](const auto& a, const auto& b) { return a.index < b.index; });
      for (const auto& candidate : written[i].candidates) sampled[i].samples.push_back(sample_of(candidate, temperature));
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
  settings.update({{"seed", run.seed}, {"round", run.round}, {"dtype", run.dtype}, {"model_sha256", model_sha256},
                   {"products_sha256", sha256_hex(ids)}});
  return settings;
}

}  // namespace

void sample_products(std::span<const data::Product> products, const SampleConfig& config, const SampleRun& run) {
  check_config(config, "sample");
  generation::DecoderConfig decoder;
  decoder.threads = run.threads;
  decoder.dtype = run.dtype;
  const auto model = copywriting::load_copy_model(run.model_dir, decoder);
  std::vector<CopyWriter> writers;
  for (int half = 0; half < 2; ++half) writers.emplace_back(write_config(config, run, half), &model);
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
    parts.write(0, lines_of(rows, writers, config));
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
