#include "train/run_log.h"

#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace vitrine::train {
namespace {

StepReport step_from_json(const Json& json) {
  return {json.at("step"), json.at("loss"), json.at("learning_rate"), json.at("gradient_norm"),
          json.at("tokens_per_s")};
}

bool is_behind(const Json& line, const RunProgress& progress) {
  return line.at("step").get<int64_t>() > progress.step || line.value("epoch", 0) > progress.epoch;
}

}  // namespace

RunLog::RunLog(std::filesystem::path run_dir, const RunProgress& progress) : path_(run_dir / "train.jsonl") {
  std::filesystem::create_directories(run_dir);
  if (std::filesystem::exists(path_)) keep_lines_until(progress);
  file_ = std::fopen(path_.c_str(), "a");
  if (file_ == nullptr) throw IoError(concat("[RunLog] cannot open ", path_.string()));
}

RunLog::~RunLog() { std::fclose(file_); }

void RunLog::keep_lines_until(const RunProgress& progress) {
  std::istringstream lines(read_file(path_));
  std::string kept, line;
  while (std::getline(lines, line)) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded() || is_behind(json, progress)) break;  // cut by a crash, or to be done again
    kept += line + "\n";
    if (json.contains("loss")) steps_.push_back(step_from_json(json));
  }
  write_file_atomic(path_, kept);
}

void RunLog::add(const StepReport& report) {
  steps_.push_back(report);
  write({{"step", report.step},
         {"loss", report.loss},
         {"learning_rate", report.learning_rate},
         {"gradient_norm", report.gradient_norm},
         {"tokens_per_s", report.tokens_per_s}});
}

void RunLog::add(const EpochReport& report) { write(to_json(report)); }

void RunLog::write(const Json& line) {
  const std::string text = dump_line(line) + "\n";
  const bool written = std::fwrite(text.data(), 1, text.size(), file_) == text.size() && std::fflush(file_) == 0;
  if (!written) throw IoError(concat("[RunLog] cannot write ", path_.string()));
}

}  // namespace vitrine::train
