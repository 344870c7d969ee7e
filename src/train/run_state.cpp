#include "train/run_state.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"
#include "io/safetensors.h"
#include "train/state_file.h"

namespace vitrine::train {
namespace {

std::optional<double> measured(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<double>());
}

Json or_null(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

EpochReport report_from_json(const Json& json) {
  EpochReport report;
  report.epoch = json.at("epoch");
  report.step = json.at("step");
  report.train_loss = json.at("train_loss");
  report.validation_loss = measured(json.at("validation_loss"));
  report.validation_nats_per_char = measured(json.at("validation_nats_per_char"));
  report.learning_rate = json.at("learning_rate");
  report.seconds = json.at("seconds");
  report.tokens_per_s = json.at("tokens_per_s");
  report.samples = json.at("samples").get<std::vector<std::string>>();
  return report;
}

}  // namespace

Json to_json(const EpochReport& report) {
  return {{"epoch", report.epoch},
          {"step", report.step},
          {"train_loss", report.train_loss},
          {"validation_loss", or_null(report.validation_loss)},
          {"validation_nats_per_char", or_null(report.validation_nats_per_char)},
          {"learning_rate", report.learning_rate},
          {"seconds", report.seconds},
          {"tokens_per_s", report.tokens_per_s},
          {"samples", report.samples}};
}

Json to_json(const RunProgress& progress) {
  Json json = {{"epoch", progress.epoch},
               {"step_in_epoch", progress.step_in_epoch},
               {"step", progress.step},
               {"epoch_nll", progress.epoch_nll},
               {"epoch_labels", progress.epoch_labels},
               {"epoch_tokens", progress.epoch_tokens},
               {"epoch_seconds", progress.epoch_seconds},
               {"stopped_early", progress.stopped_early},
               {"reports", Json::array()}};
  for (const EpochReport& report : progress.reports) json["reports"].push_back(to_json(report));
  return json;
}

RunProgress progress_from_json(const Json& json) {
  RunProgress progress;
  progress.epoch = json.at("epoch");
  progress.step_in_epoch = json.at("step_in_epoch");
  progress.step = json.at("step");
  progress.epoch_nll = json.at("epoch_nll");
  progress.epoch_labels = json.at("epoch_labels");
  progress.epoch_tokens = json.at("epoch_tokens");
  progress.epoch_seconds = json.at("epoch_seconds");
  progress.stopped_early = json.at("stopped_early");
  for (const Json& report : json.at("reports")) progress.reports.push_back(report_from_json(report));
  return progress;
}

void save_run_state(const std::filesystem::path& path, const RunProgress& progress, const Json& config,
                    const nn::ParameterStore& parameters, const AdamW& optimizer) {
  const at::Tensor values = parameters.values().cpu(), mean = optimizer.mean().cpu(),
                   variance = optimizer.variance().cpu();
  const std::vector<io::TensorToSave> tensors = {flat_tensor("values", values), flat_tensor("mean", mean),
                                                 flat_tensor("variance", variance)};
  io::save_safetensors(path, tensors,
                       {{"config", config.dump()},
                        {"optimizer_steps", std::to_string(optimizer.num_steps())},
                        {"progress", to_json(progress).dump()}});
}

RunProgress load_run_state(const std::filesystem::path& path, const Json& config, nn::ParameterStore& parameters,
                           AdamW& optimizer) {
  const io::SafetensorsFile file(path);
  require_same_settings(parse_json(metadata_of(file, "config", path), path.string()), config, path);
  const Json progress = parse_json(metadata_of(file, "progress", path), path.string());
  copy_flat_tensor(file, "values", path, parameters.values());
  copy_flat_tensor(file, "mean", path, optimizer.mean());
  copy_flat_tensor(file, "variance", path, optimizer.variance());
  optimizer.set_num_steps(std::stoll(metadata_of(file, "optimizer_steps", path)));
  parameters.refresh_compute_copy();
  return progress_from_json(progress);
}

void save_values(const std::filesystem::path& path, const at::Tensor& values) {
  const at::Tensor host = values.cpu();
  const std::vector<io::TensorToSave> tensors = {flat_tensor("values", host)};
  io::save_safetensors(path, tensors, {});
}

at::Tensor load_values(const std::filesystem::path& path, int64_t numel) {
  const io::SafetensorsFile file(path);
  at::Tensor values = at::empty({numel}, at::kFloat);
  copy_flat_tensor(file, "values", path, values);
  return values;
}

}  // namespace vitrine::train
